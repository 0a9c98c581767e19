// Generated from asyncapi.yaml; to change it, change that and run `npm run generate` and commit the result.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description CloudEvents 1.0, with the extensions partitionkey and sequence */
        Envelope: {
            /** @constant */
            specversion: "1.0";
            /**
             * Format: uuid
             * @description The same each time the event is delivered
             */
            id: string;
            source: string;
            type: string;
            subject: string;
            /**
             * Format: date-time
             * @description When it happened
             */
            time: string;
            /** @constant */
            datacontenttype: "application/json";
            /** @description The subject. What has the same one stays in order */
            partitionkey: string;
            /** @description Grows, compared as text, with each event of one partitionkey; it has gaps */
            sequence: string;
            data: Record<string, never>;
        };
        ProductChanged: components["schemas"]["Envelope"] & {
            /** @constant */
            type?: "dev.strangler.shop.product.changed.v1";
            data?: components["schemas"]["Product"];
        };
        ProductDeleted: components["schemas"]["Envelope"] & {
            /** @constant */
            type?: "dev.strangler.shop.product.deleted.v1";
            data?: components["schemas"]["DeletedProduct"];
        };
        CheckoutDone: components["schemas"]["Envelope"] & {
            /** @constant */
            type?: "dev.strangler.shop.checkout.done.v1";
            data?: components["schemas"]["Checkout"];
        };
        CheckoutTakenBack: components["schemas"]["Envelope"] & {
            /** @constant */
            type?: "dev.strangler.shop.checkout.taken-back.v1";
            data?: components["schemas"]["Checkout"];
        };
        OrderPlaced: components["schemas"]["Envelope"] & {
            /** @constant */
            type?: "dev.strangler.shop.order.placed.v1";
            data?: components["schemas"]["Order"];
        };
        OrderCancelled: components["schemas"]["Envelope"] & {
            /** @constant */
            type?: "dev.strangler.shop.order.cancelled.v1";
            data?: components["schemas"]["Order"];
        };
        PaymentCaptured: components["schemas"]["Envelope"] & {
            /** @constant */
            type?: "dev.strangler.shop.payment.captured.v1";
            data?: components["schemas"]["Payment"];
        };
        PaymentRefunded: components["schemas"]["Envelope"] & {
            /** @constant */
            type?: "dev.strangler.shop.payment.refunded.v1";
            data?: components["schemas"]["Payment"];
        };
        Id: number;
        /** @example 2.55 */
        Amount: string;
        /** @description UTC, always with microseconds */
        Timestamp: string;
        Product: {
            id: components["schemas"]["Id"];
            sku: string;
            name: string | null;
            price: components["schemas"]["Amount"];
            /** @enum {string} */
            status: "active" | "discontinued" | "hidden";
            categoryId: number | null;
        };
        DeletedProduct: {
            id: components["schemas"]["Id"];
        };
        Checkout: {
            reference: string;
            cartId: components["schemas"]["Id"];
            customerId: number | null;
            /** @enum {string} */
            method: "card" | "invoice" | "cash";
            /** @description Null when it came to nothing before there was one */
            total: string | null;
            orderId: number | null;
            /** @description Why it was taken back */
            reason: string | null;
        };
        OrderLine: {
            lineNumber: number;
            productId: components["schemas"]["Id"];
            description: string | null;
            quantity: number;
            unitPrice: string;
        };
        Order: {
            id: components["schemas"]["Id"];
            number: string | null;
            customerId: number | null;
            /** @enum {string} */
            status: "new" | "paid" | "cancelled";
            total: components["schemas"]["Amount"];
            orderedAt: components["schemas"]["Timestamp"];
            lines: components["schemas"]["OrderLine"][];
        };
        Payment: {
            id: components["schemas"]["Id"];
            orderId: components["schemas"]["Id"];
            /** @enum {string} */
            method: "card" | "invoice" | "cash";
            amount: components["schemas"]["Amount"];
            /** @enum {string} */
            status: "paid" | "refunded";
            paidAt: components["schemas"]["Timestamp"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

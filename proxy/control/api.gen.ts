// Generated from openapi.yaml; to change it, change that and run `npm run generate` and commit the result.
export interface paths {
    "/v1/migrations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where every migration stands */
        get: operations["listMigrations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        /** Where one migration stands */
        get: operations["getMigration"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/plan": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What a move would do, and whether its gates hold now
         * @description Changes nothing.
         */
        post: operations["planMove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/moves": {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable */
                "x-strangler-actor"?: components["parameters"]["Actor"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Carry a move out
         * @description Answers when every live proxy follows it, or when it was given up (`done` is false then).
         */
        post: operations["move"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/verifications": {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable */
                "x-strangler-actor"?: components["parameters"]["Actor"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Start a comparison of both sides, and a repair of what differs if asked for */
        post: operations["verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/differences": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        /** Where the answers of both sides differ, by operation and field */
        get: operations["listDifferences"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable */
                "x-strangler-actor"?: components["parameters"]["Actor"];
            };
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take the one legal next step of every move that a crash cut off */
        post: operations["resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/journal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was decided, by whom, why and on which evidence */
        get: operations["readJournal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Which side would answer a request, and why
         * @description Changes nothing and sends nothing. Looks for the route and decides as a live proxy would; what a proxy may refuse before that (rate limits, tokens) is not looked at.
         */
        post: operations["explain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The whole status as a stream of server-sent events
         * @description An event `status` (data: StatusEvent) at once and after each change, five a second at most; an event `problem` (data: Problem) when the status cannot be read; a comment as a heartbeat. Each event carries everything, so whoever was cut off misses nothing by connecting again.
         */
        get: operations["followEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the control API answers */
        get: operations["readHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @enum {string} */
        Stage: "legacy" | "dual-write" | "shadow" | "canary" | "extracted" | "retired";
        /** @enum {string} */
        Side: "monolith" | "service";
        /** @enum {string} */
        Verb: "sync" | "shadow" | "canary" | "cutover" | "rollback" | "retire";
        MoveRequest: {
            verb: components["schemas"]["Verb"];
            /** @description Share of reads in percent, with one decimal; only for `canary`, which needs it or `ramp` */
            weight?: number;
            /** @description Start the ramp of the configuration; only for `canary` */
            ramp?: boolean;
        };
        MoveOrder: {
            verb: components["schemas"]["Verb"];
            /** @description Share of reads in percent, with one decimal; only for `canary`, which needs it or `ramp` */
            weight?: number;
            /** @description Start the ramp of the configuration; only for `canary` */
            ramp?: boolean;
            reason?: components["schemas"]["Reason"];
        };
        VerifyOrder: {
            /** @description Mend what differs by the owner's truth; false when left out */
            repair?: boolean;
            /** @description With `repair`: list what would be mended and change nothing */
            dryRun?: boolean;
            reason?: components["schemas"]["Reason"];
        };
        ResumeOrder: {
            reason?: components["schemas"]["Reason"];
        };
        /** @description Why, for the journal */
        Reason: string;
        /** @description A condition with evidence that a move needs */
        GateResult: {
            gate: string;
            passed: boolean;
            value: string;
            threshold: string;
            /** @description What to do when it did not pass; empty when it did */
            advice: string;
        };
        Plan: {
            migration: string;
            verb: components["schemas"]["Verb"];
            from: components["schemas"]["Stage"];
            to: components["schemas"]["Stage"];
            steps: string[];
            gates: components["schemas"]["GateResult"][];
            writesWaitAtMostMs: number;
            rollbackCost: string;
            allowed: boolean;
        };
        MoveOutcome: {
            migration: string;
            verb: components["schemas"]["Verb"];
            from: components["schemas"]["Stage"];
            to: components["schemas"]["Stage"];
            epoch: number;
            /** @description False when the move was given up and everything is as before */
            done: boolean;
            detail: string;
            durationMs: number;
        };
        RouteStatus: {
            /** @description Upper-case method, or `*` for any */
            method: string;
            /** @description Null for any */
            host: string | null;
            path: string;
            /** @description On headers and query, in words */
            conditions: string[];
            /** @enum {string} */
            readsOrWrites: "reads" | "writes";
            answeredBy: string;
        };
        BackfillProgress: {
            table: string;
            rows: number;
            /** @description Estimate */
            total: number | null;
            rowsPerSecond: number;
            secondsLeft: number | null;
            done: boolean;
        };
        SyncStatus: {
            from: components["schemas"]["Side"];
            to: components["schemas"]["Side"];
            /** @enum {string} */
            state: "starting" | "backfill" | "live" | "stalled";
            detail: string;
            lagSeconds: number;
            lagChanges: number;
            parked: number;
            backfill: components["schemas"]["BackfillProgress"][];
            /** Format: date-time */
            reportedAt: string;
        };
        VerifyStatus: {
            /** @enum {string} */
            state: "running" | "done" | "failed";
            /** Format: date-time */
            at: string;
            rowsCompared: number;
            rowsTotal: number | null;
            rowsPerSecond: number;
            differences: number;
            repaired: number;
            details: string[];
        };
        ShadowStatus: {
            compared: number;
            agreed: number;
            differed: number;
            dropped: number;
            /** @enum {string} */
            verdict: "agrees" | "differs" | "not enough data";
            examples: string[];
        };
        Differences: {
            migration: string;
            /**
             * Format: date-time
             * @description When stage `shadow` was last entered; what was found before does not count
             */
            since: string | null;
            /** @enum {string} */
            verdict: "agrees" | "differs" | "not enough data";
            compared: number;
            agreed: number;
            differed: number;
            /** @description Not compared, because too many waited */
            dropped: number;
            /** @description Not compared, because a body was above the limit */
            tooBig: number;
            /** @description The monolith gave no answer that counts */
            noVerdict: number;
            operations: components["schemas"]["OperationDifferences"][];
            ignored: components["schemas"]["IgnoredPath"][];
        };
        OperationDifferences: {
            /** @description Method and path of the route */
            operation: string;
            /** @enum {string} */
            verdict: "agrees" | "differs" | "not enough data" | "no data";
            compared: number;
            agreed: number;
            differed: number;
            /** @description Not compared, because too many waited */
            dropped: number;
            /** @description Not compared, because a body was above the limit */
            tooBig: number;
            /** @description The monolith gave no answer that counts */
            noVerdict: number;
            /** @description The most frequent first */
            fields: components["schemas"]["FieldDifferences"][];
            /** @description How often something differed in fields that are not listed */
            unlisted: number;
            noise: components["schemas"]["NoiseField"][];
        };
        FieldDifferences: {
            /** @description JSONPath with `[*]` for every index, or `status`, `body`, `header <name>` */
            field: string;
            count: number;
            /** @description Share of the compared answers */
            percent: number;
            /** Format: date-time */
            first: string;
            /** Format: date-time */
            last: string;
            examples: components["schemas"]["DifferenceExample"][];
        };
        /** @description One difference as it was seen, secrets masked */
        DifferenceExample: {
            /** Format: date-time */
            at: string;
            /** @description Path and query that both sides were asked */
            target: string;
            /** @description JSONPath with its indexes */
            place: string;
            monolith: string;
            service: string;
        };
        /** @description A field that is not compared, because the monolith itself answers it differently each time */
        NoiseField: {
            field: string;
            /** @description Answers that differ here and were not counted for it */
            excused: number;
        };
        IgnoredPath: {
            path: string;
            reason: string;
        };
        Moving: {
            verb: components["schemas"]["Verb"];
            phase: string;
            /** Format: date-time */
            since: string;
            by: string;
        };
        /** @description A condition that is watched while the service answers reads */
        GuardrailStatus: {
            guardrail: string;
            /**
             * @description `no data` neither lets a ramp go on nor takes anything back
             * @enum {string}
             */
            verdict: "ok" | "broken" | "no data";
            value: string;
            threshold: string;
            /** @description How far back was looked, in words */
            window: string;
        };
        RampStatus: {
            /** @description In words, e.g. `5 % for 10 min` */
            steps: string[];
            /** @description The present one, counted from 1 */
            step: number;
            secondsLeft: number;
            /** @description Reads of the service in the window, and how many the next step needs */
            reads: {
                soFar: number;
                needed: number;
            };
            /** @description In words; empty at the last step */
            waitsFor: string[];
        };
        /** @description Traffic that a guardrail took back to the monolith */
        TakenBack: {
            /** Format: date-time */
            at: string;
            /** @description Share of reads that the service had, in percent */
            weight: number;
            /** @description Each broken guardrail with value, threshold and window, in words */
            why: string[];
        };
        /** @description How one address of the monolith or of the service fares, as the proxy sees it that thinks worst of it */
        AddressStatus: {
            side: components["schemas"]["Side"];
            /** @description Host and port */
            address: string;
            /** @enum {string} */
            state: "unknown" | "healthy" | "unhealthy" | "ejected" | "circuit open";
            /** Format: date-time */
            since: string;
            /** @description What went wrong last, however long ago */
            lastError: string | null;
        };
        MigrationStatus: {
            name: string;
            service: string;
            stage: components["schemas"]["Stage"];
            owner: components["schemas"]["Side"];
            epoch: number;
            weightSet: number;
            /** @description Share of reads that the service answered lately, in percent; null when nothing was read */
            weightActual: number | null;
            reads: string;
            writes: string;
            routes: components["schemas"]["RouteStatus"][];
            sync: components["schemas"]["SyncStatus"] | null;
            verify: components["schemas"]["VerifyStatus"] | null;
            shadow: components["schemas"]["ShadowStatus"] | null;
            moving: components["schemas"]["Moving"] | null;
            next: components["schemas"]["Verb"] | null;
            back: components["schemas"]["Verb"] | null;
            waitsFor: string[];
            ramp: components["schemas"]["RampStatus"] | null;
            guardrails: components["schemas"]["GuardrailStatus"][];
            takenBack: components["schemas"]["TakenBack"] | null;
            addresses: components["schemas"]["AddressStatus"][];
        };
        JournalEntry: {
            seq: number;
            /** Format: date-time */
            at: string;
            migration: string;
            kind: string;
            epoch: number;
            actor: string;
            reason: string | null;
            /** @description Whatever the decision rested on */
            evidence: unknown;
            hash: string;
        };
        /** @description A request that nobody sends */
        Question: {
            method: string;
            /** @description Path and query as a client would send them */
            target: string;
            /** @description By name; without any when left out */
            headers?: {
                [key: string]: string;
            };
        };
        Explanation: {
            /**
             * @description Refused by the proxy itself, unclaimed by every route, or routed
             * @enum {string}
             */
            outcome: "refused" | "unclaimed" | "routed";
            /** @description In a sentence or two */
            why: string;
            /** @description The path that routes were matched on; null when it was refused */
            readAs: string | null;
            /** @description Null when it was refused, and when a new client would be placed by chance */
            side: components["schemas"]["Side"] | null;
            route: components["schemas"]["ExplainedRoute"] | null;
            decision: components["schemas"]["ExplainedDecision"] | null;
            /** @description Other routes at which host, path and method lead, best first; the first few */
            others: components["schemas"]["OtherRoute"][];
        };
        ExplainedRoute: {
            /** @description Upper-case method, or `*` for any */
            method: string;
            /** @description Null for any */
            host: string | null;
            path: string;
            conditions: string[];
            migration: string;
            service: string;
            /** @enum {string} */
            kind: "reads" | "writes";
            params: {
                name: string;
                value: string;
            }[];
        };
        ExplainedDecision: {
            stage: components["schemas"]["Stage"];
            owner: components["schemas"]["Side"];
            epoch: number;
            /** @description Share of reads that go to the service in stage `canary`, in percent */
            weight: number;
            reason: string;
            /** @description The owner is changing */
            waits: boolean;
            arm: components["schemas"]["ExplainedArm"] | null;
        };
        /** @description In which arm of a canary the client is */
        ExplainedArm: {
            /** @description False for a client that would be placed by chance */
            isKnown: boolean;
            side: components["schemas"]["Side"] | null;
            /** @description The list that it is on; null when the weight decides */
            pinnedBy: string | null;
        };
        OtherRoute: {
            /** @description Upper-case method, or `*` for any */
            method: string;
            /** @description Null for any */
            host: string | null;
            path: string;
            conditions: string[];
            migration: string;
            /** @description Why it does not answer */
            why: string;
        };
        StatusEvent: {
            /**
             * Format: date-time
             * @description When the status was read
             */
            at: string;
            migrations: components["schemas"]["MigrationStatus"][];
        };
        Health: {
            /** @constant */
            status: "ok";
        };
        /** @description RFC 9457 */
        Problem: {
            type: string;
            title: string;
            status: number;
            /** @enum {string} */
            code: "unknown-migration" | "move-not-allowed" | "move-under-way" | "gate-refused" | "bad-configuration" | "bad-request" | "unauthorized" | "forbidden" | "unknown-path" | "method-not-allowed" | "too-large" | "not-json" | "unreachable" | "failed" | "timed-out";
            detail: string;
            gates: components["schemas"]["GateResult"][];
        };
    };
    responses: {
        /** @description The answer is no */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        Migration: string;
        /** @description Who asks, for the journal; `unknown` when missing or not printable */
        Actor: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listMigrations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All migrations, in the order of the configuration */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationStatus"][];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getMigration: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The migration */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationStatus"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    planMove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MoveRequest"];
            };
        };
        responses: {
            /** @description The plan, allowed or not */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    move: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable */
                "x-strangler-actor"?: components["parameters"]["Actor"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MoveOrder"];
            };
        };
        responses: {
            /** @description How it ended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MoveOutcome"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    verify: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable */
                "x-strangler-actor"?: components["parameters"]["Actor"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VerifyOrder"];
            };
        };
        responses: {
            /** @description Started; progress and result show in the migration's `verify` */
            202: {
                headers: {
                    /** @description Where progress and result show */
                    Location?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    listDifferences: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What comparing found since stage `shadow` was entered, under the present rules */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Differences"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    resume: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable */
                "x-strangler-actor"?: components["parameters"]["Actor"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResumeOrder"];
            };
        };
        responses: {
            /** @description How each of them ended; empty when nothing was cut off */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MoveOutcome"][];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    readJournal: {
        parameters: {
            query?: {
                /** @description Only this migration's entries */
                migration?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Entries, oldest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JournalEntry"][];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    explain: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Question"];
            };
        };
        responses: {
            /** @description The explanation, of a request that the proxy would refuse too */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    followEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    readHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
}

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
         * @description Changes nothing. Without a verb, it is the usual next move.
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
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
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
    "/v1/migrations/{migration}/moves/last": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        /** How the newest change of owner went, step by step */
        get: operations["getLastChange"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/traffic": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        /** How both sides answered lately */
        get: operations["getTraffic"];
        put?: never;
        post?: never;
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
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
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
    "/v1/migrations/{migration}/verifications/last": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        /** What the last comparison of both sides found, row by row */
        get: operations["listFound"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/backfill": {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hold the copy of existing rows, or let it go on
         * @description Stands in the journal and outlives restarts. Live changes flow on. Saying it twice changes nothing more.
         */
        post: operations["holdBackfill"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/contract": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        /** How both documents differ, and what recorded answers do against them */
        get: operations["showContract"];
        put?: never;
        post?: never;
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
    "/v1/migrations/{migration}/differences/ignored": {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a part of the answers out of the comparison, or compare it again
         * @description Stands in the journal with who and why, and is followed by every proxy at once; what strangler.yaml ignores stays ignored beside it. Comparing begins anew under the new rules. Saying it twice changes nothing more.
         */
        post: operations["ignoreField"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/parked": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        /** Keys whose changes the following side refused, by table and key */
        get: operations["listParked"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/parked/rows": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        /** What is parked of one key, with its rows */
        get: operations["readParkedRows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/parked/retries": {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try parked changes now, without regard to when they are due */
        post: operations["retryParked"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/parked/skips": {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give up what is parked of one key
         * @description Tried once more first. What is given up stands in the journal with its rows; the following side's row stays as it is, and differs until it is repaired. Saying it twice changes nothing more.
         */
        post: operations["skipParked"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/abort": {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give up the move that is under way
         * @description Of a change of owner, before its point of no return; of a sync, until its rows are copied. Answers when everything is as before it (`done` is false then, except for a sync whose rows were being copied: that is rolled back).
         */
        post: operations["abort"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/certificate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        /** What the journal says of a retired migration, from its first decision to its last */
        get: operations["getCertificate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/guard/removal": {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let writes into the monolith's tables of a retired migration again
         * @description Of one that was retired with `keepGuard`. Saying it twice changes nothing more.
         */
        post: operations["dropGuard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{migration}/keys/removal": {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Forget the translated keys of a retired migration
         * @description Refused while another migration that is not retired translates keys of the same space. Saying it twice changes nothing more.
         */
        post: operations["forgetKeys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every move that has begun and not ended, with its one legal next step */
        get: operations["listMoves"];
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
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
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
    "/v1/journal/verification": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the journal is as it was written
         * @description Recomputes the chain of hashes over every entry in the store, and compares it with what this process read before.
         */
        get: operations["checkJournal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/routes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every route with who answers it and how often it was asked for, and what no route claims
         * @description Counted over all proxies and restarts, and told by each proxy once a second.
         */
        get: operations["listRoutes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/progress": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How much the services have taken over, over time
         * @description Noted once a minute; of what is older than a day, once an hour; for four hundred days.
         */
        get: operations["getProgress"];
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
         * What happens, as a stream of server-sent events
         * @description `journal` (data: JournalEntry), each entry of the journal, and `step` (data: ChangeStep), each step of a change of owner that this process carries out: in order, and none left out. `status` (data: StatusEvent), everything as it stands, at once and after each change, five a second at most; `problem` (data: Problem) when the status cannot be read. A comment as a heartbeat. Whoever was cut off goes on with `Last-Event-ID`; when what happened meanwhile is not kept any more, `reset` (data: ResetEvent) comes first: read anew what you show.
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
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the sync of each migration does, as figures for Prometheus */
        get: operations["readMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who asks, and how one may sign in */
        get: operations["getSession"];
        put?: never;
        /**
         * Begin the session of a page with a token
         * @description Sets the cookie of the session. Ten wrong tokens a minute, then 429 for a while.
         */
        post: operations["signIn"];
        /** End the session of a page */
        delete: operations["signOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session/oidc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send the browser to the OIDC provider to sign in
         * @description With PKCE; a cookie of ten minutes ties the way back to this browser.
         */
        get: operations["beginOidc"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session/oidc/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the OIDC provider sends the browser back to */
        get: operations["finishOidc"];
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
        PlanRequest: {
            verb?: components["schemas"]["Verb"];
            /** @description Share of reads in percent, with one decimal; only for `canary` */
            weight?: number;
            /** @description Start the ramp of the configuration; only for `canary` */
            ramp?: boolean;
            override?: components["schemas"]["Override"];
            /** @description The monolith's tables go on refusing writes; only for `retire` */
            keepGuard?: boolean;
        };
        MoveOrder: {
            verb: components["schemas"]["Verb"];
            /** @description Share of reads in percent, with one decimal; only for `canary`, which needs it or `ramp` */
            weight?: number;
            /** @description Start the ramp of the configuration; only for `canary` */
            ramp?: boolean;
            override?: components["schemas"]["Override"];
            /** @description The monolith's tables go on refusing writes; only for `retire` */
            keepGuard?: boolean;
            reason?: components["schemas"]["Reason"];
        };
        /** @description Names of gates of this move that need not hold, for this one time. A move needs a reason then, and is refused all the same when one of them cannot be overridden as it stands */
        Override: string[];
        VerifyOrder: {
            /** @description Mend what differs by the owner's truth; false when left out */
            repair?: boolean;
            /** @description With `repair`: list what would be mended and change nothing */
            dryRun?: boolean;
            /** @description Instead of comparing, map every row of the owner there and back; rows that do not come back count as differences */
            roundTrip?: boolean;
            reason?: components["schemas"]["Reason"];
        };
        ResumeOrder: {
            reason?: components["schemas"]["Reason"];
        };
        /** @description Why, for the journal */
        Reason: string;
        /** @description What is known of the contracts of a migration */
        ContractReport: {
            migration: string;
            /** @description How the two documents differ, each in one line; null when there are no two */
            documents: {
                /** @description At which a client of the monolith can fail; they refuse a cutover */
                breaking: string[];
                /** @description Which a careful client does not fail at */
                warnings: string[];
            } | null;
            recorded: components["schemas"]["RecordedAnswers"];
            /** @description What refuses a cutover, by the configuration */
            gate: {
                /** @enum {string} */
                differences: "breaking" | "any";
                /** @enum {string} */
                recorded: "warn" | "refuse";
            };
        };
        /** @description What the answers that shadow reads recorded do against the document of their own side */
        RecordedAnswers: {
            checked: number;
            /** @description Not held to a document, because too many waited or the document is of no use */
            unchecked: number;
            /** @description The most frequent first */
            violations: components["schemas"]["RecordedViolation"][];
            /** @description How often there was something beyond those that are listed */
            unlisted: number;
        };
        /** @description One thing that answers of one side did against their document */
        RecordedViolation: {
            side: components["schemas"]["Side"];
            /** @description Method and path of the route */
            operation: string;
            /** @description JSONPath with `[*]` for every index, or `status`, `body`, `operation`, `header content-type` */
            field: string;
            problem: string;
            count: number;
            /** Format: date-time */
            first: string;
            /** Format: date-time */
            last: string;
            /** @description Path and query of the first, secrets masked */
            example: string;
        };
        /** @description A condition with evidence that a move needs */
        GateResult: {
            gate: string;
            passed: boolean;
            value: string;
            threshold: string;
            /** @description What to do when it did not pass; empty when it did */
            advice: string;
            /** @description Why nobody may override it as it stands; empty when somebody may, and when it passed */
            notOverridable: string;
            /** @description It did not pass, and the move is made, or would be, all the same */
            overridden: boolean;
        };
        Plan: {
            migration: string;
            /** @description All migrations that move with it, itself among them */
            together: string[];
            verb: components["schemas"]["Verb"];
            from: components["schemas"]["Stage"];
            to: components["schemas"]["Stage"];
            steps: string[];
            gates: components["schemas"]["GateResult"][];
            /** @description Who waits because of the move, and for how long at most, in words; empty when nobody does */
            waits: string[];
            /** @description In a proxy; 0 when none waits there */
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
        AbortOrder: {
            /** @description Why, for the journal */
            reason: string;
        };
        MoveUnderWay: {
            migration: string;
            verb: components["schemas"]["Verb"];
            /** @enum {string} */
            phase: "started" | "owner-changed" | "aborting" | "installing";
            /** Format: date-time */
            since: string;
            by: string;
            /** @description Whether the control process is at work with it */
            isRunning: boolean;
            /** @description The one legal next step, in words */
            next: string;
        };
        GuardRemoval: {
            migration: string;
            /** @description Whether there was a guard */
            changed: boolean;
        };
        KeyRemoval: {
            migration: string;
            /** @description Whether there were any */
            changed: boolean;
        };
        Certificate: {
            migration: string;
            service: string;
            /** Format: date-time */
            retiredAt: string;
            by: string;
            reason: string | null;
            /** @description Method and path of each */
            routes: string[];
            tables: components["schemas"]["CertifiedTable"][];
            /**
             * Format: date-time
             * @description When rows were counted
             */
            countedAt: string | null;
            /** @description Whether the monolith's tables went on refusing writes */
            keptGuard: boolean;
            stages: components["schemas"]["CertifiedStage"][];
            changesOfOwner: number;
            /** @description Changes of owner that were begun and taken back */
            takenBack: number;
            journal: {
                /** @description From the first to the last, of all migrations */
                entries: number;
                first: components["schemas"]["JournalPlace"];
                last: components["schemas"]["JournalPlace"];
            };
        };
        CertifiedTable: {
            from: string;
            to: string;
            /** @description As the last comparison counted them; null when it did not */
            rows: number | null;
        };
        CertifiedStage: {
            stage: components["schemas"]["Stage"];
            /** Format: date-time */
            at: string;
            by: string;
            reason: string | null;
            gates: components["schemas"]["GateResult"][];
            overrides: components["schemas"]["OverriddenGate"][];
        };
        OverriddenGate: {
            gate: string;
            value: string;
            threshold: string;
            by: string;
            why: string;
        };
        /** @description An entry's number, time and hash */
        JournalPlace: {
            seq: number;
            /** Format: date-time */
            at: string;
            hash: string;
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
            /** @description Why it rests now; empty while it copies */
            rests?: string;
        };
        SyncStatus: {
            from: components["schemas"]["Side"];
            to: components["schemas"]["Side"];
            /** @enum {string} */
            state: "starting" | "backfill" | "live" | "stalled";
            detail: string;
            lagSeconds: number;
            lagChanges: number;
            /** @description Changes that the following side refused, or that wait behind one */
            parked: number;
            /** @description The keys they are of */
            parkedKeys: number;
            /** @description Changes carried since the sync process took this direction up */
            applied: number;
            /** @description Messages of the bus that were no changes and were put aside */
            unreadable: number;
            /** @description Over the last ten seconds */
            changesPerSecond: number;
            /** @description How the tables differ from what they were when the sync began; the first fifty */
            drift: components["schemas"]["Drift"][];
            slot: components["schemas"]["SlotStatus"] | null;
            followerSlot: components["schemas"]["SlotStatus"] | null;
            backfill: components["schemas"]["BackfillProgress"][];
            /** @description Who holds the copy of existing rows; null when nobody does */
            backfillHeld: components["schemas"]["BackfillHolder"] | null;
            /** Format: date-time */
            reportedAt: string;
        };
        BackfillHolder: {
            by: string;
            reason: string | null;
        };
        /** @description A table is not what it was when the sync began */
        Drift: {
            side: components["schemas"]["Side"];
            table: string;
            /** @description Null where it is about the whole table */
            column: string | null;
            /**
             * @description Nothing is carried, rows are parked, the column stays behind, or there may be values that are parked
             * @enum {string}
             */
            effect: "stops" | "parks" | "not carried" | "risks";
            message: string;
            advice: string;
        };
        /** @description A replication slot keeps the database's log, and with it disk space, until it is read */
        SlotStatus: {
            slot: string;
            retainedBytes: number;
            /** @description The database gives the slot up beyond this */
            limitBytes: number | null;
            /** @enum {string} */
            status: "reserved" | "extended" | "unreserved" | "lost";
            detail: string;
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
            /** @description Rows that never came to rest: neither equal nor different */
            unsettled?: number;
            /** @description Rows that wait for a change that is parked */
            parked?: number;
            repaired: number;
            seconds?: number;
            entries?: components["schemas"]["VerifyEntry"][];
            /** @description Columns without a counterpart: not compared */
            unmapped?: string[];
            details: string[];
        };
        /** @description What comparing one pair of tables found */
        VerifyEntry: {
            entry: string;
            /**
             * @description Whether the databases hashed ranges of rows or every row was read
             * @enum {string}
             */
            by: "checksum" | "rows";
            /** @description Why every row had to be read; empty otherwise */
            why: string;
            ownerRows: number;
            followerRows: number;
            /** @description Ranges that were hashed */
            ranges: number;
            /** @description Ranges that did not agree at first sight */
            rangesOpened: number;
            differences: {
                missing: number;
                extra: number;
                differs: number;
                inconvertible: number;
            };
            /** @description How often each column differed */
            columns: {
                [key: string]: number;
            };
            unsettled: number;
            parked: number;
            done: boolean;
        };
        FoundDifferences: {
            migration: string;
            /**
             * Format: date-time
             * @description When that comparison began; null when there was none
             */
            at: string | null;
            /** @description The first ten thousand */
            found: {
                entry: string;
                /** @description A JSON array of texts */
                key: string;
                /** @enum {string} */
                kind: "missing" | "extra" | "differs" | "inconvertible";
                columns: {
                    name: string;
                    owner: string | null;
                    follower: string | null;
                }[];
            }[];
        };
        BackfillOrder: {
            paused: boolean;
            reason?: components["schemas"]["Reason"];
        };
        BackfillHold: {
            migration: string;
            paused: boolean;
            /** @description Whether it was otherwise before */
            changed: boolean;
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
        /** @description A part of the answers that is not compared */
        IgnoredPath: {
            path: string;
            reason: string;
            /**
             * @description strangler.yaml or an order
             * @enum {string}
             */
            from: "file" | "journal";
            /** @description Who ordered it; null for what is in the file */
            by: string | null;
            /** Format: date-time */
            at: string | null;
        };
        IgnoreOrder: {
            /** @description JSONPath (RFC 9535) in the bodies of answers: `$.items[*].price` */
            path: string;
            /** @description False compares it again */
            ignored: boolean;
            /** @description Why, for the journal; needed to ignore */
            reason?: string;
        };
        IgnoreOutcome: {
            migration: string;
            path: string;
            ignored: boolean;
            /** @description Whether it was otherwise before */
            changed: boolean;
            /** @description strangler.yaml ignores it too, so it is not compared whatever was ordered */
            alsoInFile: boolean;
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
            /** @description All migrations that move with it, itself among them */
            together: string[];
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
        /** @enum {string} */
        RowOperation: "upsert" | "delete" | "truncate";
        ParkedKey: {
            table: string;
            /** @description A JSON array of texts; empty for the whole table */
            key: string;
            operation: components["schemas"]["RowOperation"];
            /** Format: date-time */
            since: string;
            /** @description Later changes of the key that wait behind the first */
            waiting: number;
            reason: string;
            /** @description How often the newest change was tried in vain */
            tries: number;
        };
        ParkedPage: {
            migration: string;
            /** @description All that is parked, not only on this page */
            changes: number;
            keys: number;
            parked: components["schemas"]["ParkedKey"][];
            /** @description `after` for the next page; null when this is the last */
            next: string | null;
        };
        ParkedRow: {
            id: string;
            operation: components["schemas"]["RowOperation"];
            /** Format: date-time */
            parkedAt: string;
            reason: string;
            /** @description Values as the owner's database writes them; of a deleted row, its key */
            row: {
                [key: string]: string | null;
            };
        };
        ParkedRows: {
            migration: string;
            table: string;
            key: string;
            changes: components["schemas"]["ParkedRow"][];
        };
        /** @description One key, or a page of all */
        RetryOrder: {
            table?: string;
            key?: string;
            /** @description The `next` of the answer before */
            after?: string;
        };
        RetriedKey: {
            table: string;
            key: string;
            applied: boolean;
            /** @description Why it is still parked */
            reason: string | null;
        };
        RetryOutcome: {
            migration: string;
            tried: components["schemas"]["RetriedKey"][];
            /** @description `after` for the next page of keys; null when all were tried */
            next: string | null;
        };
        SkipOrder: {
            table: string;
            key: string;
            /** @description Why, for the journal */
            reason: string;
        };
        SkipOutcome: {
            migration: string;
            table: string;
            key: string;
            /**
             * @description Applied when it fitted after all
             * @enum {string}
             */
            outcome: "skipped" | "applied" | "nothing parked";
            /** @description Changes that were given up */
            changes: number;
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
        JournalCheck: {
            /** @description How many were looked at */
            entries: number;
            /** @description The last of them; null when nothing was decided yet */
            newest: components["schemas"]["JournalPosition"] | null;
            /** @description The first entry that is not as it was written; null when all are */
            broken: components["schemas"]["BrokenEntry"] | null;
            /** @description How it differs from what this process had read before; null when it does not */
            forked: string | null;
        };
        JournalPosition: {
            seq: number;
            hash: string;
        };
        BrokenEntry: {
            seq: number;
            problem: string;
            entry: components["schemas"]["JournalEntry"];
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
        /** @enum {string} */
        Role: "viewer" | "operator";
        Session: {
            isSignedIn: boolean;
            /** @description Null for who has no name of their own, as on loopback without a token */
            name: string | null;
            role: components["schemas"]["Role"] | null;
            /** @enum {string} */
            by: "nobody" | "loopback" | "token" | "session";
            /** @description To be sent as `x-strangler-csrf` with what changes something; null without a session */
            csrfToken: string | null;
            /** Format: date-time */
            expiresAt: string | null;
            /** @description How one may sign in; empty where nobody needs to */
            ways: ("token" | "oidc")[];
        };
        SignIn: {
            token: string;
        };
        RoutesUse: {
            /** Format: date-time */
            at: string;
            routes: components["schemas"]["RouteUse"][];
            /** @description The most frequent first, a thousand at most */
            unmatched: components["schemas"]["UnmatchedUse"][];
        };
        RouteUse: {
            /** @description Tells it from all others, also after a restart */
            id: string;
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
            migration: string;
            service: string;
            stage: components["schemas"]["Stage"];
            requests: components["schemas"]["SideCounts"];
            /**
             * Format: date-time
             * @description Null when it never was
             */
            lastSeen: string | null;
            /**
             * Format: date-time
             * @description Null for one that was added at this moment
             */
            countedSince: string | null;
        };
        SideCounts: {
            monolith: number;
            service: number;
        };
        /** @description Requests of one shape that no route claims */
        UnmatchedUse: {
            method: string;
            /** @description With `{…}` for what looks like a value */
            path: string;
            requests: number;
            /** Format: date-time */
            firstSeen: string;
            /** Format: date-time */
            lastSeen: string;
        };
        Progress: {
            points: components["schemas"]["ProgressPoint"][];
        };
        /** @description What the services had taken over at one moment, and what was asked for since the point before */
        ProgressPoint: {
            /** Format: date-time */
            at: string;
            /** @description Length of the time in which requests and writes were counted */
            seconds: number;
            /** @description How many there were, and how many of them the services answered; shared ones count for their part */
            routes: {
                total: number;
                service: number;
            };
            /** @description Reads and writes */
            requests: components["schemas"]["SideCounts"];
            writes: components["schemas"]["SideCounts"];
        };
        MigrationTraffic: {
            migration: string;
            /** @description How far back each point looks */
            windowSeconds: number;
            now: components["schemas"]["TrafficPoint"];
            /** @description One each five seconds, oldest first, as far as this process saw them */
            points: components["schemas"]["TrafficPoint"][];
        };
        TrafficPoint: {
            /** Format: date-time */
            at: string;
            monolith: components["schemas"]["SideTraffic"];
            service: components["schemas"]["SideTraffic"];
        };
        SideTraffic: {
            reads: components["schemas"]["Rate"];
            writes: components["schemas"]["Rate"];
        };
        /** @description Latencies run to the first byte, in milliseconds */
        Rate: {
            perSecond: number;
            /** @description Null when nothing was asked */
            failedPercent: number | null;
            p50: number | null;
            p99: number | null;
        };
        ResetEvent: {
            why: string;
        };
        /** @description One step of a change of owner */
        ChangeStep: {
            migration: string;
            verb: components["schemas"]["Verb"];
            /** @description That the change aims at */
            epoch: number;
            /** @description As logs call it */
            step: string;
            /** @description In words */
            title: string;
            /** @enum {string} */
            state: "begun" | "done" | "failed";
            /** Format: date-time */
            at: string;
            /** @description Null as long as it is being carried out */
            tookMs: number | null;
            /** @description Why it failed; null unless it did */
            reason: string | null;
            /** @description How long new writes have been waiting by now; null while none do */
            writesWaitMs: number | null;
        };
        LastChange: {
            migration: string;
            verb: components["schemas"]["Verb"];
            epoch: number;
            by: string;
            /**
             * Format: date-time
             * @description When this run began
             */
            at: string;
            /** @enum {string} */
            result: "under way" | "done" | "taken back" | "cut off";
            /** @description Those that have ended */
            steps: components["schemas"]["ChangeStep"][];
            /** @description Null where nobody knows any more, or none waited */
            writesWaited: components["schemas"]["WritesWaited"] | null;
        };
        /** @description How long writes waited in the proxies, in milliseconds */
        WritesWaited: {
            count: number;
            p50: number;
            p99: number;
            max: number;
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
            code: "unknown-migration" | "move-not-allowed" | "move-under-way" | "gate-refused" | "bad-configuration" | "bad-request" | "unauthorized" | "too-many-attempts" | "not-permitted" | "key-reused" | "order-in-progress" | "outcome-unknown" | "forbidden" | "no-change-of-owner" | "unknown-path" | "method-not-allowed" | "too-large" | "not-json" | "journal-forked" | "unreachable" | "failed" | "timed-out";
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
        /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
        Actor: string;
        /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
        IdempotencyKey: string;
        /** @description The `csrfToken` of the session, for who comes with its cookie */
        CsrfToken: string;
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
                "application/json": components["schemas"]["PlanRequest"];
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
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
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
    getLastChange: {
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
            /** @description Under way or ended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LastChange"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getTraffic: {
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
            /** @description Now, and as it was during the last quarter of an hour */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationTraffic"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    verify: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
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
    listFound: {
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
            /** @description The rows that differed, mended or not */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundDifferences"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    holdBackfill: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BackfillOrder"];
            };
        };
        responses: {
            /** @description Held, or going on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackfillHold"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    showContract: {
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
            /** @description Differences by severity, and what was recorded since stage `shadow` was entered */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContractReport"];
                };
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
    ignoreField: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IgnoreOrder"];
            };
        };
        responses: {
            /** @description Ignored, or compared again */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IgnoreOutcome"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listParked: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                limit?: number;
            };
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ParkedPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    readParkedRows: {
        parameters: {
            query: {
                table: string;
                /** @description A JSON array of texts; empty for the whole table */
                key: string;
            };
            header?: never;
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The first hundred changes, oldest first; none when nothing is parked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ParkedRows"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    retryParked: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetryOrder"];
            };
        };
        responses: {
            /** @description What became of each key */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetryOutcome"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    skipParked: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SkipOrder"];
            };
        };
        responses: {
            /** @description What became of it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SkipOutcome"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    abort: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AbortOrder"];
            };
        };
        responses: {
            /** @description It is taken back */
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
    getCertificate: {
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
            /** @description The certificate */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Certificate"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    dropGuard: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResumeOrder"];
            };
        };
        responses: {
            /** @description There is no guard now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuardRemoval"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    forgetKeys: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path: {
                migration: components["parameters"]["Migration"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResumeOrder"];
            };
        };
        responses: {
            /** @description There are no translated keys of it now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyRemoval"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listMoves: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Running here, or cut off; empty when there is none */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MoveUnderWay"][];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    resume: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the journal; `unknown` when missing or not printable. Only heard of whom the token or the session gives no name */
                "x-strangler-actor"?: components["parameters"]["Actor"];
                /** @description Printable and without blanks. The same order under the same key is carried out once, and answered the same for a day (`idempotency-replayed: true`) */
                "idempotency-key"?: components["parameters"]["IdempotencyKey"];
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
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
                /** @description Only entries with a higher `seq` */
                after?: number;
                /** @description Only so many of them, the newest */
                limit?: number;
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
    checkJournal: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found, broken or not */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JournalCheck"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listRoutes: {
        parameters: {
            query?: {
                /** @description Only what was asked for since */
                usedAfter?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the order of the configuration */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoutesUse"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getProgress: {
        parameters: {
            query?: {
                since?: string;
                /** @description How many at most; where there are more, neighbours are put together */
                points?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first; the last point is of this moment */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Progress"];
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
            query?: {
                /** @description With `none`, `routes` of each migration is empty in `status` */
                routes?: "all" | "none";
            };
            header?: {
                /** @description The `id` of the last event that came */
                "last-event-id"?: string;
            };
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
    readMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the text format of Prometheus */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed in or not */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            /** @description Signed in */
            200: {
                headers: {
                    /** @description The session */
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `csrfToken` of the session, for who comes with its cookie */
                "x-strangler-csrf"?: components["parameters"]["CsrfToken"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description There is none now */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    beginOidc: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To the provider; while it cannot be asked, to the page with `?sign-in=away` */
            302: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    finishOidc: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To the page, signed in; with `?sign-in=refused` when the claims give no role here, with `?sign-in=failed` when the provider vouched for nobody */
            302: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content?: never;
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

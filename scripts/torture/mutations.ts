/** One mistake that somebody could make in the product, as changes of its text. */
export interface Mutation {
  name: string;
  /** What the torture is given beside the seed and the tree, so that the mistake can do harm at all. */
  args?: readonly string[];
  edits: readonly Edit[];
}

export interface Edit {
  file: string;
  /** Must be there exactly once. */
  find: string;
  replace: string;
}

const POSTGRES = 'migrations/databases/postgres';
const CHANGES = `${POSTGRES}/changes.ts`;
const APPLY = `${POSTGRES}/apply.ts`;
const APPLY_SQL = `${POSTGRES}/apply-sql.ts`;
const RELAY = 'migrations/relay/relay.ts';

const MYSQL = 'migrations/databases/mysql';
const ON_MYSQL = ['--monolith', 'mysql', '--service', 'mysql'];

/** Each must be caught by the torture: a mistake that it lets pass is one that it does not guard against. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'cursor by id',
    edits: [
      {
        file: CHANGES,
        find: `WHERE migration = $1 AND txid >= pg_snapshot_xmin($2::pg_snapshot)
  AND NOT pg_visible_in_snapshot(txid, $2::pg_snapshot)`,
        replace: 'WHERE migration = $1 AND id >= pg_snapshot_xmin($2::pg_snapshot)::text::bigint',
      },
      {
        file: CHANGES,
        find: "'SELECT pg_current_snapshot()::text AS now'",
        replace:
          "\"SELECT (last_value + 1) || ':' || (last_value + 1) || ':' AS now FROM strangler.change_id_seq\"",
      },
      {
        file: CHANGES,
        find: 'txid < pg_snapshot_xmin($2::pg_snapshot) RETURNING',
        replace: 'id < pg_snapshot_xmin($2::pg_snapshot)::text::bigint RETURNING',
      },
    ],
  },
  {
    name: 'no snapshot: the position is told after reading',
    edits: [
      {
        file: CHANGES,
        find: "transaction(pool, label, 'BEGIN ISOLATION LEVEL REPEATABLE READ', async",
        replace: "transaction(pool, label, 'BEGIN', async",
      },
      {
        file: CHANGES,
        find: 'return rows[0]?.now ?? since;',
        replace:
          "void rows;\n    return (await client.query<{ now: string }>('SELECT pg_current_snapshot()::text AS now')).rows[0]?.now ?? since;",
      },
    ],
  },
  {
    name: 'no epoch check in applying',
    args: ['--faults', 'does not hear'],
    edits: [
      {
        file: APPLY,
        find: "if (side.role !== 'follower' || BigInt(side.epoch) !== epoch) {",
        replace: "if (side.role === 'fenced') {",
      },
    ],
  },
  {
    name: 'position saved before applying',
    args: ['--faults', 'kill sync'],
    edits: [
      {
        file: RELAY,
        find: '  let count = 0;\n  let round: Round;\n',
        replace: `  const { migration, source, target, epoch } = stream;
  const since = (await target.sideState(migration))?.position ?? '';
  const all: Change[] = [];
  const now = await source.readChanges(migration, since, async (changes) => void all.push(...changes));
  await target.applying(migration, epoch, (applier) => applier.savePosition(now));
  const readChanges: typeof source.readChanges = async (_migration, _since, take) => (await take(all), now);
  stream = { ...stream, source: { ...source, readChanges } };
  let count = 0;
  let round: Round;
`,
      },
    ],
  },
  {
    name: 'REPLACE instead of upsert',
    edits: [
      {
        file: 'migrations/apply/write-changes.ts',
        find: 'if (there.length > 0) await applier[how](entry.target, there);',
        replace: `if (there.length > 0 && how === 'upsert' && !entry.target.part) await applier.discard(entry.target, there);
    if (there.length > 0) await applier[how](entry.target, there);`,
      },
    ],
  },
  {
    name: 'no mark comparison',
    args: ['--transport', 'rabbitmq'],
    edits: [
      {
        file: APPLY_SQL,
        find: `       SET epoch = excluded.epoch, version = excluded.version, deleted = excluded.deleted
       WHERE (m.epoch, m.version) < (excluded.epoch, excluded.version)
     RETURNING m.key)`,
        replace: `       SET epoch = excluded.epoch, version = excluded.version, deleted = excluded.deleted
     RETURNING m.key)`,
      },
    ],
  },
  {
    name: 'no tombstone',
    args: ['--faults', 'copy again'],
    edits: [
      {
        file: APPLY_SQL,
        find: '  return `WITH ${input(target)}, ${fresh(true)}\n    DELETE FROM ${tableIdent(target.name)} t USING input i JOIN fresh ON fresh.key = i.k\n    WHERE',
        replace:
          '  return `WITH ${input(target)}, gone AS (DELETE FROM strangler.mark WHERE migration = $2 AND entry = $3\n      AND $4::bigint >= 0 AND key IN (SELECT k FROM input))\n    DELETE FROM ${tableIdent(target.name)} t USING input i\n    WHERE',
      },
    ],
  },
  {
    name: 'backfill that overwrites',
    args: ['--faults', 'copy again'],
    edits: [
      {
        file: APPLY_SQL,
        find: "'WHERE NOT EXISTS (SELECT FROM stale WHERE stale.k = i.k)'",
        replace: "'WHERE true'",
      },
    ],
  },
  {
    name: 'no loop guard',
    args: ['--faults', 'network slow'],
    edits: [
      {
        file: `${POSTGRES}/capture-function.ts`,
        find: '  IF ${ours} THEN\n    RETURN NULL;\n  END IF;\n',
        replace: '',
      },
      {
        file: `${POSTGRES}/triggers.ts`,
        find: "${raised ? 'DISABLE' : 'ENABLE ALWAYS'} TRIGGER ${named(CAPTURE)};",
        replace: 'ENABLE ALWAYS TRIGGER ${named(CAPTURE)};',
      },
    ],
  },
  {
    // What is written in between is compared with the other side behind the fence, and waited for: both have to be wrong.
    name: 'barrier read before the fence, nothing compared behind it',
    args: ['--faults', 'network slow'],
    edits: [
      {
        file: 'migrations/lifecycle/change-owner.ts',
        find: "'raise-fence': () => fence(),\n    drain: () => carryOver(),",
        // With a pause in between, or the moment is over before anybody writes in it.
        replace:
          "'raise-fence': async () => (await carryOver(), await new Promise((go) => setTimeout(go, 300))),\n    drain: () => fence(),",
      },
      {
        file: 'migrations/lifecycle/hand-over.ts',
        find: '    ...stream.mapping.entries.map((entry) => compareRecent(stream, entry, recent, patienceMs)),\n',
        replace: '',
      },
    ],
  },
  {
    name: 'parked changes dropped',
    args: ['--faults', 'poison'],
    edits: [
      {
        file: `${POSTGRES}/parking.ts`,
        find: 'await this.client.query(PARK, [',
        replace: 'void Array.of(PARK, [',
      },
    ],
  },
  {
    name: 'changes applied out of order',
    edits: [
      {
        file: CHANGES,
        find: '${UNSEEN} ORDER BY id`',
        replace: '${UNSEEN} ORDER BY id DESC`',
      },
    ],
  },
  {
    name: 'mysql: no epoch check in applying',
    args: [...ON_MYSQL, '--faults', 'does not hear'],
    edits: [
      {
        file: `${MYSQL}/apply.ts`,
        find: "if (role !== 'follower' || found !== String(epoch)) {",
        replace: "if (role === 'fenced') {",
      },
    ],
  },
  {
    name: 'mysql: a batch that came to nothing is not taken again',
    args: [...ON_MYSQL, '--faults', 'kill sync'],
    edits: [
      {
        file: `${MYSQL}/changes.ts`,
        find: 'const again = await session.rows(waiting(`batch > ${since}`));',
        replace: "const again = await session.rows(waiting('FALSE'));",
      },
    ],
  },
  {
    name: 'mysql: REPLACE instead of upsert',
    args: ON_MYSQL,
    edits: [
      {
        file: `${MYSQL}/write-rows.ts`,
        find: 'if (!isKnown) {',
        replace: 'if (!isKnown || !target.part) {',
      },
      {
        file: `${MYSQL}/write-rows.ts`,
        find: '`INSERT INTO ${tableIdent(target.name)} (${names}) VALUES',
        replace: '`REPLACE INTO ${tableIdent(target.name)} (${names}) VALUES',
      },
    ],
  },
  {
    name: 'mysql: no mark comparison',
    args: [...ON_MYSQL, '--transport', 'rabbitmq'],
    edits: [
      {
        file: `${MYSQL}/marks.ts`,
        find: 'return (!mark || isOlder(mark, mine)) && (!truncated || isOlder(truncated, mine));',
        replace: 'return mark === undefined || truncated === undefined || isOlder(mark, mine) || true;',
      },
    ],
  },
  {
    name: 'mysql: no tombstone',
    args: [...ON_MYSQL, '--faults', 'copy again'],
    edits: [
      {
        file: `${MYSQL}/apply.ts`,
        find: '    await this.marks.set(target.entry, fresh, true);\n    await deleteRows',
        replace: '    await deleteRows',
      },
    ],
  },
  {
    name: 'mysql: backfill that overwrites',
    args: [...ON_MYSQL, '--faults', 'copy again'],
    edits: [
      {
        file: `${MYSQL}/apply.ts`,
        find: "    const fresh = await this.marks.newerThanMarked(target.entry, rows);\n    const touched = fresh.filter((row) => row.version !== '0');\n    await this.marks.set(target.entry, touched, false);",
        replace: '    const fresh = rows;',
      },
    ],
  },
  {
    name: 'mysql: no loop guard',
    args: [...ON_MYSQL, '--faults', 'network slow'],
    edits: [
      {
        file: `${MYSQL}/triggers.ts`,
        find: '    BEGIN\n      DECLARE EXIT HANDLER FOR ${UNKNOWN_COLUMN} ${keyless}',
        replace:
          '    END IF; IF TRUE THEN BEGIN\n      DECLARE EXIT HANDLER FOR ${UNKNOWN_COLUMN} ${keyless}',
      },
    ],
  },
  {
    name: 'mysql: the fence is read without a lock',
    args: [...ON_MYSQL, '--faults', 'long transaction'],
    edits: [
      {
        file: `${MYSQL}/triggers.ts`,
        find: 'WHERE migration = ${literal(migration)} LOCK IN SHARE MODE;',
        replace: 'WHERE migration = ${literal(migration)};',
      },
    ],
  },
  {
    name: 'mysql: parked changes dropped',
    args: [...ON_MYSQL, '--faults', 'poison'],
    edits: [
      {
        file: `${MYSQL}/parking.ts`,
        find: 'for (let i = 0; i < changes.length; i += KEYS) await this.parkSome(changes.slice(i, i + KEYS), reason);',
        replace: 'for (let i = 0; i < 0; i += KEYS) await this.parkSome(changes.slice(i, i + KEYS), reason);',
      },
    ],
  },
  {
    name: 'mysql: changes applied out of order',
    args: ON_MYSQL,
    edits: [
      {
        file: `${MYSQL}/changes.ts`,
        find: "WHERE id IN (${ids.join(', ')}) ORDER BY id`,",
        replace: "WHERE id IN (${ids.join(', ')}) ORDER BY id DESC`,",
      },
    ],
  },
];

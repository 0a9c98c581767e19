import {
  backfillInWords,
  count,
  duration,
  guardrailInWords,
  percent,
  placeInWords,
  rampInWords,
  syncInWords,
  takenBackInWords,
  verifyInWords,
} from './words.js';

/** @typedef {import('../control/api.gen.ts').components['schemas']} Schemas */
/** @typedef {Schemas['MigrationStatus']} Migration */
/** @typedef {'good' | 'attention' | 'bad' | 'plain'} Tone */

/** Replaces both tables by what stands now. @param {Migration[]} migrations */
export function draw(migrations) {
  const routes = migrations.flatMap((migration) =>
    migration.routes.map((route) => routeRow(migration, route)),
  );
  byId('migration-rows').replaceChildren(...migrations.map(migrationRow));
  byId('route-rows').replaceChildren(...routes);
  byId('no-migrations').hidden = migrations.length > 0;
}

/** The element that the page cannot be without. @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element #${id}.`);
  return found;
}

/** @param {Migration} migration */
function migrationRow(migration) {
  return row(
    head('Migration', migration.name, quiet(migration.service)),
    cell('Stage', stageBadge(migration)),
    cell('Owner', migration.owner, quiet(`epoch ${migration.epoch}`)),
    cell('Reads', migration.reads),
    cell('Writes', migration.writes),
    cell('Weight', ...weight(migration)),
    cell('Sync', ...sync(migration.sync)),
    cell('Verify', ...verify(migration.verify)),
    cell('Next move', ...nextMove(migration)),
  );
}

/** @param {Migration} migration @param {Schemas['RouteStatus']} route */
function routeRow(migration, route) {
  return row(
    cell('Method', route.method === '*' ? 'any' : route.method, quiet(route.readsOrWrites)),
    cell('Path', element('code', placeInWords(route))),
    cell('Migration', migration.name),
    cell('Stage', stageBadge(migration)),
    cell('Answered by', route.answeredBy),
  );
}

/** @param {Migration} migration */
function stageBadge(migration) {
  return badge(migration.stage, migration.owner === 'service' ? 'good' : 'plain');
}

/** @param {Migration} migration */
function weight({ weightSet, weightActual, ramp, guardrails, takenBack }) {
  const actual = weightActual === null ? 'nothing was read lately' : `${percent(weightActual)} measured`;
  const broken = guardrails.filter(({ verdict }) => verdict === 'broken');
  return [
    `${percent(weightSet)} set`,
    quiet(actual),
    ...(ramp ? [quiet(`ramp: ${rampInWords(ramp)}`)] : []),
    ...(ramp && ramp.waitsFor.length > 0 ? [list(ramp.waitsFor)] : []),
    ...broken.map((guardrail) => badge(guardrailInWords(guardrail), 'bad')),
    ...(takenBack ? [badge(takenBackInWords(takenBack), 'bad')] : []),
  ];
}

/** @param {Schemas['SyncStatus'] | null} status */
function sync(status) {
  if (!status) return ['none'];
  const tone = /** @type {const} */ ({
    starting: 'attention',
    backfill: 'attention',
    live: 'good',
    stalled: 'bad',
  });
  const age = `reported ${duration(secondsSince(status.reportedAt))} ago`;
  return [
    badge(syncInWords(status), tone[status.state]),
    quiet(`${status.from} → ${status.to}, ${age}`),
    ...(status.detail ? [quiet(status.detail)] : []),
    ...(status.state === 'backfill' ? status.backfill.flatMap(backfill) : []),
  ];
}

/** @param {Schemas['BackfillProgress']} table */
function backfill(table) {
  const words = backfillInWords(table);
  return [quiet(words), ...(table.done ? [] : [bar(table.rows, table.total, words)])];
}

/** @param {Schemas['VerifyStatus'] | null} status */
function verify(status) {
  if (!status) return ['never'];
  const words = verifyInWords(status);
  const clean = status.differences === status.repaired;
  const tone = status.state === 'running' ? 'attention' : status.state === 'done' && clean ? 'good' : 'bad';
  return [
    badge(words, tone),
    quiet(`${duration(secondsSince(status.at))} ago`),
    ...(status.state === 'running' ? [bar(status.rowsCompared, status.rowsTotal, words)] : []),
    ...(status.details.length > 0 ? [list(status.details)] : []),
  ];
}

/** @param {Migration} migration */
function nextMove({ next, waitsFor, moving, back }) {
  if (moving) return [badge(`${moving.verb}: ${moving.phase}`, 'attention'), quiet(`by ${moving.by}`)];
  const wayBack = back ? [quiet(`way back: ${back}`)] : [];
  if (!next) return ['none', ...wayBack];
  if (waitsFor.length === 0) return [badge(`${next}: ready`, 'good'), ...wayBack];
  return [badge(`${next} waits for ${count(waitsFor.length)}`, 'attention'), list(waitsFor), ...wayBack];
}

/** @param {string} at */
function secondsSince(at) {
  return Math.max(0, (Date.now() - Date.parse(at)) / 1000);
}

// Everything that came over the wire becomes a text node, never markup.

/** @param {HTMLElement[]} cells */
function row(...cells) {
  return element('tr', ...cells);
}

/** @param {string} column @param {(Node | string)[]} content */
function cell(column, ...content) {
  const made = element('td', element('div', ...content));
  made.dataset['column'] = column;
  return made;
}

/** @param {string} column @param {(Node | string)[]} content */
function head(column, ...content) {
  const made = element('th', element('div', ...content));
  made.dataset['column'] = column;
  made.setAttribute('scope', 'row');
  return made;
}

/** @param {string} words @param {Tone} tone */
function badge(words, tone) {
  const made = element('span', words);
  made.className = 'badge';
  made.dataset['tone'] = tone;
  return made;
}

/** @param {string} words */
function quiet(words) {
  const made = element('span', words);
  made.className = 'quiet';
  return made;
}

/** @param {string[]} items */
function list(items) {
  return element('ul', ...items.map((item) => element('li', item)));
}

/** @param {number} value @param {number | null} total @param {string} words */
function bar(value, total, words) {
  const made = document.createElement('progress');
  made.setAttribute('aria-label', words);
  if (total !== null && total > 0) {
    made.max = total;
    made.value = Math.min(value, total);
  }
  return made;
}

/** @param {string} tag @param {(Node | string)[]} content */
function element(tag, ...content) {
  const made = document.createElement(tag);
  made.append(...content);
  return made;
}

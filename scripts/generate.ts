/**
 * Writes the generated files of the folder it runs in (npm runs it in the repository's root); with `--check` it
 * only says which of them are not current, and fails. To generate one more file, add a line to the list.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { parse } from 'yaml';
import { eventJsonSchema } from '../migrations/transport/rabbitmq/event.ts';
import { editorSchema } from './config/editor-schema.ts';
import { referenceOf } from './config/reference.ts';

type Generated = [file: string, produce: () => Promise<string> | string];

const CONTRACTS = ['proxy/control/openapi.yaml', 'extracted/*/openapi.yaml'];
const HINT = 'run `npm run generate` and commit the result';

const EVENTS = 'extracted/asyncapi.yaml';

const generated: Generated[] = [
  ...globSync(CONTRACTS).sort().map(typesOf),
  ...globSync(EVENTS).map(eventTypesOf),
  ['scripts/config/strangler.schema.gen.json', () => `${JSON.stringify(editorSchema(), null, 2)}\n`],
  ['docs/configuration.md', () => referenceOf(editorSchema())],
  ['docs/change-event.schema.json', () => `${JSON.stringify(eventJsonSchema(), null, 2)}\n`],
];

/** The types of an OpenAPI document, beside it. */
function typesOf(contract: string): Generated {
  const banner = `// Generated from ${basename(contract)}; to change it, change that and ${HINT}.\n`;
  const produce = async () =>
    banner + astToString(await openapiTS(pathToFileURL(resolve(contract)), { silent: true }));
  return [contract.replace(/openapi\.yaml$/, 'api.gen.ts'), produce];
}

/** The types of the schemas in an AsyncAPI document. */
function eventTypesOf(contract: string): Generated {
  const banner = `// Generated from ${basename(contract)}; to change it, change that and ${HINT}.\n`;
  const produce = async () => {
    const { info, components } = parse(readFileSync(contract, 'utf8')) as OpenAPI3;
    const schemas = components?.schemas ?? {};
    const types: OpenAPI3 = { openapi: '3.1.0', info, paths: {}, components: { schemas } };
    return banner + astToString(await openapiTS(types, { silent: true }));
  };
  return [join(dirname(contract), 'service', 'events', 'events.gen.ts'), produce];
}

async function generate([file, produce]: Generated, checkOnly: boolean): Promise<void> {
  const content = await produce();
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return;
  if (checkOnly) throw new Error(`it is not current; ${HINT}.`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  process.stdout.write(`wrote ${file}\n`);
}

for (const one of generated) {
  await generate(one, process.argv.includes('--check')).catch((error: unknown) => {
    process.stderr.write(`${one[0]}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}

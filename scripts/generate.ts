/**
 * Writes the generated files; with `--check` it only says which of them are not current, and fails.
 * To generate one more file, add a line to the list.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const root = join(import.meta.dirname, '..');
const hint = 'run `npm run generate` and commit the result';

type Generated = [file: string, produce: () => Promise<string>];

const generated: Generated[] = [typesOf('proxy/control/openapi.yaml'), ...extractedContracts().map(typesOf)];

function extractedContracts(): string[] {
  return globSync('extracted/*/openapi.yaml', { cwd: root }).sort();
}

/** The types of an OpenAPI document, beside it. */
function typesOf(contract: string): Generated {
  const banner = `// Generated from ${contract.replace(/.*\//, '')}; to change it, change that and ${hint}.\n`;
  const produce = async () =>
    banner + astToString(await openapiTS(pathToFileURL(join(root, contract)), { silent: true }));
  return [contract.replace(/openapi\.yaml$/, 'api.gen.ts'), produce];
}

function isCurrent(file: string, content: string): boolean {
  const path = join(root, file);
  return existsSync(path) && readFileSync(path, 'utf8') === content;
}

const checkOnly = process.argv.includes('--check');
for (const [file, produce] of generated) {
  const content = await produce();
  if (isCurrent(file, content)) continue;
  if (checkOnly) {
    process.stderr.write(`${relative('.', join(root, file))} is not current: ${hint}.\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(join(root, file), content);
    process.stdout.write(`wrote ${file}\n`);
  }
}

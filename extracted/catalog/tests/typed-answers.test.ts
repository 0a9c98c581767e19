import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const FILE = fileURLToPath(new URL('./snippet.ts', import.meta.url));

/** What the compiler says of a line beside the handlers. */
function faultsOf(line: string): string[] {
  const source = `import type { Answer, Routes } from '../operations.ts';\n${line}\n`;
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    types: ['node'],
  };
  const host = ts.createCompilerHost(options);
  const fileExists = host.fileExists.bind(host);
  const getSourceFile = host.getSourceFile.bind(host);
  host.fileExists = (name) => name === FILE || fileExists(name);
  host.getSourceFile = (name, version) =>
    name === FILE ? ts.createSourceFile(name, source, version) : getSourceFile(name, version);
  const program = ts.createProgram([FILE], options, host);
  return ts
    .getPreEmitDiagnostics(program, program.getSourceFile(FILE))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the compiler', () => {
  const answering = (status: number, body: string) =>
    `export const answer: Answer<'getStock'> = { status: ${status}, body: ${body} };`;

  it('accepts an answer as openapi.yaml has it', () => {
    expect(faultsOf(answering(200, '{ productId: 1, onHand: 2, reorderLevel: null }'))).toEqual([]);
  });

  it.each([
    ['onhand', 'a field of another name', answering(200, '{ productId: 1, onhand: 2, reorderLevel: null }')],
    [
      'string',
      'a field of another type',
      answering(200, "{ productId: 1, onHand: '2', reorderLevel: null }"),
    ],
    ['extra', 'one field more', answering(200, '{ productId: 1, onHand: 2, reorderLevel: null, extra: 1 }')],
    ['201', 'another status', answering(201, '{ productId: 1, onHand: 2, reorderLevel: null }')],
    ['post', 'no handler for an operation', `export const routes: Routes['/api/products'] = { get: null! };`],
  ])('names "%s" when an answer has %s', (name, _fault, line) => {
    expect(faultsOf(line).join('\n')).toContain(name);
  });
});

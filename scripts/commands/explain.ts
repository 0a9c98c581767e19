import { Command, InvalidArgumentError } from 'commander';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { explanationInWords } from './show/explanation.ts';

type Headers = Record<string, string>;

/** `strangler explain`: which side would answer a request, and why. */
export function explainCommand(finish: (code: ExitCode) => void): Command {
  return new Command('explain')
    .description('say which route, migration and side would answer a request, and why; sends nothing')
    .argument('<method>', 'e.g. GET')
    .argument('<target>', 'path and query as a client sends them, e.g. /api/products/7?full=1')
    .option<Headers>(
      '-H, --header <name: value>',
      'a header of the request; give it again for more',
      withHeader,
    )
    .action(
      async (method: string, target: string, { header = {} }: { header?: Headers }, command: Command) => {
        const { client, screen } = contextOf(command);
        const question = { method: method.toUpperCase(), target, headers: header };
        const explanation = await client.explain(question);
        screen.result(explanation, () => explanationInWords(question, explanation, screen));
        finish(explanation.outcome === 'refused' ? EXIT.refused : EXIT.done);
      },
    );
}

/** A header that is given again joins the one before, as it does on its way through HTTP. */
function withHeader(text: string, before: Headers = {}): Headers {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('Write it as "name: value".');
  const name = text.slice(0, colon).trim().toLowerCase();
  const value = text.slice(colon + 1).trim();
  const first = before[name];
  const joint = name === 'cookie' ? '; ' : ', ';
  return { ...before, [name]: first === undefined ? value : `${first}${joint}${value}` };
}

import { placeInWords } from '../../../proxy/dashboard/words.ts';
import type { Schemas } from '../client.ts';
import type { Screen } from './screen.ts';
import { table } from './table.ts';

type Explanation = Schemas['Explanation'];

/** Who would answer a request, why, and which other routes it met. */
export function explanationInWords(
  { method, target }: Schemas['Question'],
  explanation: Explanation,
  screen: Screen,
): string {
  const { why, others } = explanation;
  const pairs = [...routePairs(explanation), ...decisionPairs(explanation)];
  return [
    screen.paint('bold', `${method} ${target} → ${answererInWords(explanation)}`),
    why,
    ...(pairs.length > 0 ? ['', table([], pairs)] : []),
    ...(others.length > 0 ? ['', 'Other routes at this place:', ...others.map(otherInWords)] : []),
  ].join('\n');
}

function answererInWords({ outcome, side, decision }: Explanation): string {
  if (outcome === 'refused') return '400';
  if (decision?.waits) return 'waits';
  return side ?? `service with a chance of ${decision?.weight ?? 0} %, else monolith`;
}

function routePairs({ route, readAs }: Explanation): [string, string][] {
  if (!route) return [];
  const params = route.params.map(({ name, value }) => `${name} = ${value}`);
  return [
    ['ROUTE', claimInWords(route)],
    ...(readAs === null ? [] : [['READ AS', readAs] as [string, string]]),
    ...(params.length > 0 ? [['PARAMETERS', params.join(', ')] as [string, string]] : []),
    ['KIND', route.kind],
    ['MIGRATION', `${route.migration}, service ${route.service}`],
  ];
}

function decisionPairs({ decision }: Explanation): [string, string][] {
  if (!decision) return [];
  const { stage, owner, epoch, weight, reason, arm } = decision;
  return [
    ['STAGE', stage === 'canary' ? `${stage}, ${weight} %` : stage],
    ['OWNER', `${owner}, epoch ${epoch}`],
    ['REASON', reason],
    ...(arm ? [['ARM', armInWords(arm)] as [string, string]] : []),
  ];
}

function armInWords({ isKnown, side, pinnedBy }: Schemas['ExplainedArm']): string {
  if (!isKnown) return 'a new client, placed by chance';
  return pinnedBy === null ? `${side}, by its place in the weight` : `${side}, by the ${pinnedBy}`;
}

function otherInWords(other: Schemas['OtherRoute']): string {
  return `  - ${claimInWords(other)} of ${other.migration}: ${other.why}`;
}

function claimInWords(route: Schemas['ExplainedRoute'] | Schemas['OtherRoute']): string {
  return `${route.method === '*' ? 'any method' : route.method} ${placeInWords(route)}`;
}

import { parser } from '@prometheus-io/lezer-promql';
import type { SyntaxNode } from '@lezer/common';

/** One metric that an expression asks for. */
export interface Selected {
  metric: string;
  /** Labels that it is selected by, with the values that are named. */
  matchers: { label: string; values: string[] }[];
}

export interface ReadExpression {
  selected: Selected[];
  /** Labels that it groups or joins by, anywhere. */
  grouped: string[];
  /** Labels that its result has. */
  result: string[];
}

/** What Prometheus adds to every series by itself. */
const ADDED = ['instance', 'job'];

/**
 * Reads an expression of Prometheus strictly. Throws with the place of a mistake.
 *
 * @param labelsOf the labels of a metric, without `le`
 */
export function readPromql(text: string, labelsOf: (metric: string) => readonly string[]): ReadExpression {
  const tree = parser.parse(text);
  const selected: Selected[] = [];
  const grouped: string[] = [];
  tree.iterate({
    enter: ({ node }) => {
      if (node.type.isError) throw new Error(`"${text}" is no PromQL at character ${node.from}`);
      if (node.name === 'VectorSelector') selected.push(selectedBy(node, text));
      if (node.name === 'GroupingLabels') grouped.push(...textsOf(node, 'LabelName', text));
    },
  });
  const [top] = childrenOf(tree.topNode);
  if (!top) throw new Error('an empty expression asks for nothing');
  return { selected, grouped, result: [...new Set(resultOf(top, text, labelsOf))] };
}

function selectedBy(node: SyntaxNode, text: string): Selected {
  const [metric = ''] = textsOf(node, 'Identifier', text);
  const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map(
    (matcher) => ({
      label: textsOf(matcher, 'LabelName', text)[0] ?? '',
      values: (textsOf(matcher, 'StringLiteral', text)[0] ?? '').slice(1, -1).split('|'),
    }),
  );
  return { metric, matchers };
}

function resultOf(node: SyntaxNode, text: string, labelsOf: (metric: string) => readonly string[]): string[] {
  const of = (inner: SyntaxNode | undefined): string[] => (inner ? resultOf(inner, text, labelsOf) : []);
  const parts = childrenOf(node);
  switch (node.name) {
    case 'VectorSelector': {
      const [metric = ''] = textsOf(node, 'Identifier', text);
      return [...labelsOf(metric), ...(metric.endsWith('_bucket') ? ['le'] : []), ...ADDED];
    }
    case 'AggregateExpr': {
      const by = node.getChild('AggregateModifier')?.getChild('GroupingLabels');
      return by ? textsOf(by, 'LabelName', text) : [];
    }
    case 'FunctionCall': {
      const labels = childrenOf(node.getChild('FunctionCallBody')).flatMap(of);
      return text.startsWith('histogram_quantile', node.from)
        ? labels.filter((label) => label !== 'le')
        : labels;
    }
    case 'BinaryExpr': {
      const sides = parts.filter(({ name }) => OPERANDS.has(name));
      const [left, right] = [of(sides[0]), of(sides[1])];
      const takesRight = node.getChild('MatchingModifierClause')?.getChild('GroupRight') !== null;
      const isGrouped = node.getChild('MatchingModifierClause') !== null;
      return (isGrouped && takesRight) || left.length === 0 ? right : left;
    }
    default:
      return parts.filter(({ name }) => OPERANDS.has(name)).flatMap(of);
  }
}

const OPERANDS = new Set([
  ...[
    'VectorSelector',
    'MatrixSelector',
    'SubqueryExpr',
    'AggregateExpr',
    'FunctionCall',
    'BinaryExpr',
    'ParenExpr',
  ],
  ...['UnaryExpr', 'NumberDurationLiteral', 'StepInvariantExpr', 'OffsetExpr'],
]);

function childrenOf(node: SyntaxNode | null): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child; child = child.nextSibling) children.push(child);
  return children;
}

function textsOf(node: SyntaxNode, name: string, text: string): string[] {
  return node.getChildren(name).map(({ from, to }) => text.slice(from, to));
}

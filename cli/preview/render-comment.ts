import type { PreviewReport } from './preview-report.ts';
import { describeBaseline, describeCounts, renderChange } from './render-report.ts';

/** Three of them fit the 65,536 characters that a comment on GitHub may have. */
const maxCommentLength = 20_000;
/** Room for everything that is said besides the changes. */
const maxChangesLength = 12_000;
const maxListed = 30;

/** A report as Markdown for a comment on a pull request, of bounded size. The mark at its start finds it again. */
export function renderComment(report: PreviewReport): string {
  const { profile, guard, policies, ok } = report;
  const lines = [
    `<!-- authsome-preview:${profile} -->`,
    `### ${ok ? '✅' : '❌'} Preview of \`${profile}\``,
    '',
    `**${describeCounts(report)}**, ${plain(describeBaseline(report.baseline))}.`,
    ...list(
      'Refused, since data would be lost',
      guard.refused.map(
        ({ name, op, loses, because }) =>
          `${op} ${code(name)} loses ${loses}${because.length > 0 ? ` (${because.map(code).join(', ')})` : ''}`,
      ),
    ),
    ...guard.refused
      .slice(0, 1)
      .flatMap(({ name }) => [
        '',
        `Where that is meant, the message of a commit ends with a line for each, such as ${code(`Allow-Replace: ${name}`)}`,
      ]),
    ...list(
      'Allowed by name',
      guard.allowed.map(({ name, op, loses }) => `${op} ${code(name)} loses ${loses}`),
    ),
    ...policies.broken.flatMap(({ policy, rule, violations }) =>
      list(
        `Policy ${code(policy)}: ${rule}`,
        violations.map(({ resource, problem }) => `${code(resource)}: ${plain(problem)}`),
      ),
    ),
    ...list(
      'Exceptions',
      policies.exceptions.map(({ policy, resource, reason }) => `${code(resource)} from ${code(policy)}: ${plain(reason)}`),
    ),
    ...renderChanges(report),
  ];
  const text = `${lines.join('\n')}\n`;
  return text.length > maxCommentLength ? `${text.slice(0, maxCommentLength - 20)}\n\n…cut here.\n` : text;
}

function renderChanges({ changes }: PreviewReport): string[] {
  if (changes.length === 0) return [];
  const shown: string[] = [];
  let length = 0;
  let count = 0;
  for (const change of changes) {
    const lines = renderChange(change).map((line) => line.replaceAll('```', "'''").replace(/^±/, '!'));
    length += lines.join('\n').length + 1;
    if (length > maxChangesLength) break;
    shown.push(...lines);
    count += 1;
  }
  const rest = changes.length - count;
  return [
    '',
    `<details><summary>${changes.length} changes</summary>`,
    '',
    '```diff',
    ...shown,
    ...(rest > 0 ? [`… and ${rest} more`] : []),
    '```',
    '',
    '</details>',
  ];
}

function list(title: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length - maxListed;
  return ['', `**${title}**`, '', ...items.slice(0, maxListed).map((item) => `- ${item}`), ...(more > 0 ? [`- and ${more} more`] : [])];
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

/** Names and values come from whoever opened the pull request: they mention nobody and open no tag. */
function plain(text: string): string {
  return text.replaceAll(/[<>@`]/g, (sign) => `&#${sign.codePointAt(0)};`);
}

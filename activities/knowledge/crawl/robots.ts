import { pathOf, plainEscapes } from '../../../contracts/page-url.ts';
import { AppError } from '../../../contracts/app-error.ts';
import { indexOfText } from './index-of-text.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import type { RobotsRule } from '../../../contracts/crawl.ts';

/** How we are called in robots.txt files and in requests. */
const AGENT = 'holdfast';
const ANYBODY = '*';

interface Group {
  readonly agents: string[];
  readonly rules: RobotsRule[];
}

/**
 * What a robots.txt (RFC 9309) says to us: the rules of the groups that name us, else of those for
 * everybody. Throws `knowledge.source_refused` where there are too many: none may be passed over.
 */
export function parseRobots(text: string): readonly RobotsRule[] {
  const groups = groupsOf(text);
  const ours = groups.filter(({ agents }) => agents.includes(AGENT));
  const chosen = ours.length > 0 ? ours : groups.filter(({ agents }) => agents.includes(ANYBODY));
  const rules = chosen.flatMap((group) => group.rules);
  if (rules.length <= LIMITS.robotsRules) return rules;
  const message = `robots.txt has more than ${LIMITS.robotsRules} rules for ${AGENT}`;
  throw new AppError('knowledge.source_refused', message);
}

function groupsOf(text: string): readonly Group[] {
  const groups: Group[] = [];
  let group: Group | null = null;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const [, name = '', value = ''] = /^\s*([a-z-]+)\s*:([^#]*)/i.exec(line) ?? [];
    const key = name.toLowerCase();
    const said = value.trim();
    if (key === 'user-agent') {
      // Agents that stand together share the rules behind them.
      if (group === null || group.rules.length > 0) groups.push((group = emptyGroup()));
      group.agents.push(said.toLowerCase().split('/')[0] ?? '');
    } else if ((key === 'allow' || key === 'disallow') && group !== null) {
      group.rules.push({ allow: key === 'allow', path: plainEscapes(said) });
    }
  }
  return groups.map(({ agents, rules }) => ({ agents, rules: rules.filter(isRule) }));
}

function emptyGroup(): Group {
  return { agents: [], rules: [] };
}

/** An empty one disallows nothing. */
function isRule({ path }: RobotsRule): boolean {
  return path.startsWith('/') || path.startsWith('*');
}

/** Whether the rules let us ask for the page: the longest that fits decides, of two the kinder one. */
export function isAllowed(pageUrl: string, rules: readonly RobotsRule[]): boolean {
  const path = pathOf(new URL(pageUrl));
  let best: RobotsRule | null = null;
  for (const rule of rules) {
    const longer = best === null || rule.path.length > best.path.length;
    const kinder = best !== null && rule.path.length === best.path.length && rule.allow;
    if ((longer || kinder) && fits(rule.path, path)) best = rule;
  }
  return best?.allow ?? true;
}

/** Whether the pattern fits the beginning of the path, or, with `$` at its end, all of it. */
function fits(pattern: string, path: string): boolean {
  const whole = pattern.endsWith('$');
  const [first = '', ...parts] = (whole ? pattern.slice(0, -1) : pattern).split('*');
  if (!path.startsWith(first)) return false;
  const last = whole ? parts.pop() : undefined;
  let at = first.length;
  for (const part of parts) {
    const found = indexOfText(path, part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  if (!whole) return true;
  if (last === undefined) return at === path.length;
  return path.length - last.length >= at && path.endsWith(last);
}

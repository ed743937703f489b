import { pathOf, plainEscapes } from '../../../contracts/page-url.ts';
import { AppError } from '../../../contracts/app-error.ts';
import { indexOfText } from './index-of-text.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import type { Robots, RobotsRule } from '../../../contracts/crawl.ts';

/** How we are called in robots.txt files and in requests. */
const AGENT = 'holdfast';
const ANYBODY = '*';
const SECOND_MS = 1_000;

interface Group {
  readonly agents: string[];
  readonly rules: RobotsRule[];
  readonly delays: number[];
}

/**
 * What a robots.txt (RFC 9309, and the customary `Crawl-delay` in seconds) says to us: what stands in the
 * groups that name us, else in those for everybody; of several delays the longest. Throws
 * `knowledge.source_refused` where rules are too many or a delay too long: none may be passed over.
 */
export function parseRobots(text: string): Robots {
  const groups = groupsOf(text);
  const ours = groups.filter(({ agents }) => agents.includes(AGENT));
  const chosen = ours.length > 0 ? ours : groups.filter(({ agents }) => agents.includes(ANYBODY));
  const rules = chosen.flatMap((group) => group.rules);
  const delayMs = Math.max(0, ...chosen.flatMap(({ delays }) => delays));
  if (rules.length > LIMITS.robotsRules) {
    throw refused(`has more than ${LIMITS.robotsRules} rules for ${AGENT}`);
  }
  if (delayMs > LIMITS.crawlWaitMs) {
    const [asked, most] = [delayMs, LIMITS.crawlWaitMs].map((ms) => ms / SECOND_MS);
    throw refused(`asks for ${asked} s between pages, and at most ${most} s are waited`);
  }
  return { rules, delayMs };
}

function refused(why: string): AppError {
  return new AppError('knowledge.source_refused', `robots.txt ${why}`);
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
      if (group === null || saysSomething(group)) groups.push((group = emptyGroup()));
      group.agents.push(said.toLowerCase().split('/')[0] ?? '');
    } else if ((key === 'allow' || key === 'disallow') && group !== null) {
      group.rules.push({ allow: key === 'allow', path: plainEscapes(said) });
    } else if (key === 'crawl-delay' && group !== null) {
      group.delays.push(toDelay(said));
    }
  }
  return groups.map((found) => ({ ...found, rules: found.rules.filter(isRule) }));
}

function emptyGroup(): Group {
  return { agents: [], rules: [], delays: [] };
}

function saysSomething({ rules, delays }: Group): boolean {
  return rules.length > 0 || delays.length > 0;
}

/** In milliseconds; what is no number of seconds asks for nothing. */
function toDelay(said: string): number {
  return /^\d+(?:\.\d+)?$/.test(said) ? Math.ceil(Number(said) * SECOND_MS) : 0;
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

import { describe, expect, test } from '@jest/globals';
import { isAllowed, parseRobots } from './robots.ts';
import { LIMITS } from '../../../contracts/limits.ts';

const allowed = (path: string, text: string): boolean =>
  isAllowed(`https://a.org${path}`, parseRobots(text).rules);

describe('robots.txt', () => {
  test.each<[string, string, string, boolean]>([
    ['nothing', '/x', '', true],
    ['a page instead', '/x', '<html>\n<p>Disallow: /', true],
    ['rules of nobody', '/x', 'Disallow: /', true],
    ['rules for everybody', '/x', 'User-agent: *\nDisallow: /', false],
    ['rules for another', '/x', 'User-agent: bot\nDisallow: /', true],
    [
      'our own instead',
      '/x',
      'User-agent: *\nDisallow: /\n\nUser-agent: Holdfast/1\nAllow: /',
      true,
    ],
    ['agents together', '/x', 'User-agent: holdfast\nUser-agent: bot\nDisallow: /x', false],
    [
      'a later group of ours',
      '/y',
      'user-agent:*\n\nuser-agent: holdfast\ndisallow: /x\nuser-agent: b\ndisallow: /z\nuser-agent: holdfast\ndisallow: /y',
      false,
    ],
    [
      'a delay before the group of another',
      '/x',
      'User-agent: *\nCrawl-delay: 1\n\nUser-agent: bot\nDisallow: /',
      true,
    ],
    ['an empty rule', '/x', 'User-agent: *\nDisallow:', true],
    ['comments', '/x', 'User-agent: * # all\r\nDisallow: /x # not this', false],
    [
      'other lines between',
      '/x',
      'User-agent: *\nCrawl-delay: 3\nSitemap: /s\nDisallow: /x',
      false,
    ],
    ['the longer rule', '/x/open', 'User-agent: *\nDisallow: /x\nAllow: /x/open', true],
    [
      'the longer rule, whatever comes first',
      '/x/y',
      'User-agent: *\nAllow: /x\nDisallow: /x/y',
      false,
    ],
    ['the kinder of two', '/x', 'User-agent: *\nDisallow: /x\nAllow: /x', true],
    ['a star', '/a/secret/b', 'User-agent: *\nDisallow: /*/secret/', false],
    ['a star that does not fit', '/secret/b', 'User-agent: *\nDisallow: /*/secret/', true],
    ['an end', '/a.pdf', 'User-agent: *\nDisallow: /*.pdf$', false],
    ['an end that is none', '/a.pdf?x', 'User-agent: *\nDisallow: /*.pdf$', true],
    ['an end without a star', '/ab', 'User-agent: *\nDisallow: /a$', true],
    ['a query', '/s?q=1', 'User-agent: *\nDisallow: /*?q=', false],
    ['another spelling of a letter', '/priv%61te', 'User-agent: *\nDisallow: /private', false],
    ['another spelling in the rule', '/ä', 'User-agent: *\nDisallow: /%c3%A4', false],
  ])('with %s', (_what, ...[path, text, expected]) => {
    expect(allowed(path, text)).toBe(expected);
  });

  test.each<[string, string, number]>([
    ['none', 'User-agent: *\nDisallow: /x', 0],
    ['seconds', 'User-agent: *\nCrawl-delay: 3\nDisallow: /x', 3_000],
    ['parts of seconds', 'User-agent: *\ncrawl-delay: 0.25 # kindly', 250],
    ['one behind rules', 'User-agent: holdfast\nDisallow: /x\nCrawl-Delay: 2', 2_000],
    ['one for others', 'User-agent: bot\nCrawl-delay: 9\n\nUser-agent: *\nDisallow: /x', 0],
    ['our own instead', 'User-agent: *\nCrawl-delay: 9\n\nUser-agent: holdfast\nAllow: /', 0],
    ['the longest', 'User-agent: *\nCrawl-delay: 1\nCrawl-delay: 4\nCrawl-delay: 2', 4_000],
    ['no number', 'User-agent: *\nCrawl-delay: soon', 0],
    ['less than nothing', 'User-agent: *\nCrawl-delay: -5', 0],
    ['one of nobody', 'Crawl-delay: 5\nUser-agent: *\nAllow: /', 0],
    ['the longest that is waited', 'User-agent: *\nCrawl-delay: 300', LIMITS.crawlWaitMs],
  ])('with a delay: %s', (_what, text, expected) => {
    expect(parseRobots(text).delayMs).toBe(expected);
  });

  test.each(['301', '300.001', '9'.repeat(400)])('with a delay of %s s is refused', (seconds) => {
    expect(() => parseRobots(`User-agent: *\nCrawl-delay: ${seconds}`)).toThrow('at most 300 s');
  });

  test('with more rules than are kept is refused, not obeyed in part', () => {
    const text = (rules: number): string => `User-agent: *\n${'Disallow: /x\n'.repeat(rules)}`;
    expect(parseRobots(text(LIMITS.robotsRules)).rules).toHaveLength(LIMITS.robotsRules);
    expect(() => parseRobots(text(LIMITS.robotsRules + 1))).toThrow('more than 1000 rules');
  });

  test('finds what repeats itself', () => {
    const text = 'User-agent: *\nDisallow: /*aab*aab$';
    expect(allowed('/aaabxaaaab', text)).toBe(false);
    expect(allowed('/aaab', text)).toBe(true);
    expect(allowed(`/${'a'.repeat(50)}`, text)).toBe(true);
  });
});

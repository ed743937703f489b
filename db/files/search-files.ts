import { RE2JS } from 're2js';
import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import type { FileMatch, FileSearch, FileVersion, SpaceRef } from '../../contracts/file.ts';
import { allFiles } from './read-files.ts';
import { globMatcher } from './glob.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { readContent } from './contents.ts';
import { toText } from './text-content.ts';

/** What to look for, and where. */
export interface SearchRequest {
  /** Text, or a regular expression in RE2's syntax; each matches within a line. */
  readonly pattern: string;
  readonly syntax: 'text' | 'regex';
  /** Which paths: `*.ts`, `**` for any depth; all by default. */
  readonly glob?: string;
  readonly atRevision?: number;
}

const SHOWN_CHARS = 500;
const PATTERN_CHARS = 1_000;

/** See `FileStore.search`. */
export async function searchFiles(
  database: Database,
  space: SpaceRef,
  request: SearchRequest,
): Promise<FileSearch> {
  const finds = lineMatcher(request);
  const fits = request.glob === undefined ? () => true : globMatcher(checkLength(request.glob));
  const files = await allFiles(database.kysely, space, request.atRevision);
  const stopAt = performance.now() + LIMITS.searchMs;
  const matches: FileMatch[] = [];
  const skipped: FileSearch['skipped'][number][] = [];
  for (const file of files) {
    if (file.sha256 === null || !fits(file.path)) continue;
    if (performance.now() > stopAt) return { matches, skipped, truncated: true };
    const text = await readText(database, space.workspaceId, file);
    if (typeof text !== 'string') {
      skipped.push({ path: file.path, reason: text.reason });
      continue;
    }
    for (const match of matchesOf(file, text, finds)) {
      if (matches.length === LIMITS.searchMatches || performance.now() > stopAt) {
        return { matches, skipped, truncated: true };
      }
      matches.push(match);
    }
  }
  return { matches, skipped, truncated: false };
}

async function readText(
  database: Database,
  workspaceId: string,
  { sha256, sizeBytes }: FileVersion,
): Promise<string | { readonly reason: 'binary' | 'too_large' }> {
  if (sizeBytes > LIMITS.searchFileBytes) return { reason: 'too_large' };
  const bytes = await readContent(database, workspaceId, sha256 ?? '');
  return toText(bytes) ?? { reason: 'binary' };
}

function* matchesOf(
  { path, version }: FileVersion,
  text: string,
  finds: (line: string) => boolean,
): Generator<FileMatch> {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (finds(line)) yield { path, version, line: index + 1, text: line.slice(0, SHOWN_CHARS) };
  }
}

function lineMatcher({ pattern, syntax }: SearchRequest): (line: string) => boolean {
  checkLength(pattern);
  if (syntax === 'text') return (line) => line.includes(pattern);
  try {
    const compiled = RE2JS.compile(pattern);
    return (line) => compiled.matcher(line).find();
  } catch (cause) {
    throw new AppError('file.bad_pattern', 'the pattern is no regular expression of RE2', {
      cause,
    });
  }
}

function checkLength(pattern: string): string {
  if (pattern !== '' && pattern.length <= PATTERN_CHARS) return pattern;
  throw new AppError('file.bad_pattern', `a pattern has 1 to ${PATTERN_CHARS} characters`);
}

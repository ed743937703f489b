import { AppError } from './app-error.ts';
import { LIMITS } from './limits.ts';

/** The path if it may name a file of a space: relative, `/` between names. Throws `file.bad_path`. */
export function checkFilePath(path: string): string {
  const problem = problemOf(path);
  if (problem === null) return path;
  const shown = JSON.stringify(path.slice(0, SHOWN_CHARS));
  throw new AppError('file.bad_path', `the path ${shown} ${problem}`);
}

const SHOWN_CHARS = 100;
/** What file systems take. */
const NAME_BYTES = 255;
const UTF8 = new TextEncoder();

function problemOf(path: string): string | null {
  if (path === '') return 'is empty';
  if (path.length > LIMITS.filePathChars) {
    return `has more than ${LIMITS.filePathChars} characters`;
  }
  if (path.includes('\0')) return 'holds the character U+0000';
  // Would be stored as another path.
  if (!path.isWellFormed()) return 'is not well-formed Unicode';
  if (path.startsWith('/')) return 'is absolute; name it from the top of the workspace';
  const names = path.split('/');
  const odd = names.find((name) => name === '' || name === '.' || name === '..');
  if (odd !== undefined) return `holds the name "${odd}"`;
  const long = names.some((name) => UTF8.encode(name).length > NAME_BYTES);
  return long ? `holds a name of more than ${NAME_BYTES} bytes` : null;
}

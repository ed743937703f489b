import { AppError } from '../../../contracts/app-error.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import type { JsonObject } from '../../../contracts/json.ts';

/** Lines of a text, from one counted from 1, as many as a reading gives. */
export function cutLines(
  text: string,
  wanted: { readonly from: number; readonly count: number | undefined },
): JsonObject {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const { from } = wanted;
  if (from > Math.max(lines.length, 1)) {
    throw new AppError('tool.invalid_arguments', `there are only ${lines.length} lines`);
  }
  const asked = lines.slice(from - 1, from - 1 + (wanted.count ?? lines.length));
  const kept: string[] = [];
  let left: number = LIMITS.fileReadBytes;
  for (const line of asked) {
    left -= Buffer.byteLength(line);
    if (left < 0) break;
    kept.push(line);
  }
  const [first] = asked;
  if (kept.length === 0 && first !== undefined) {
    const note = `line ${from} is too long to be shown whole; read it as base64`;
    return { text: beginningOf(first), fromLine: from, totalLines: lines.length, note };
  }
  const next = from + kept.length;
  return {
    text: kept.join(''),
    fromLine: from,
    totalLines: lines.length,
    ...(next <= lines.length ? { nextLine: next } : {}),
  };
}

/** Bytes from an offset on, as many as a reading gives. */
export function cutBytes(bytes: Buffer, offset: number): JsonObject {
  const piece = bytes.subarray(offset, offset + LIMITS.fileReadBytes);
  const next = offset + piece.length;
  return {
    base64: piece.toString('base64'),
    offset,
    sizeBytes: bytes.length,
    ...(next < bytes.length ? { nextOffset: next } : {}),
  };
}

/** Whole characters only. */
function beginningOf(line: string): string {
  const bytes = Buffer.from(line).subarray(0, LIMITS.fileReadBytes);
  return new TextDecoder().decode(bytes, { stream: true });
}

/** The beginning of a text, as much as fits into so many bytes, without half characters. */
export function cutText(text: string, maxBytes: number): string {
  // Halves of characters that come alone have no bytes: services refuse them, or embed a mark instead.
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  if (whole.length * 3 <= maxBytes) return whole;
  const bytes = Buffer.from(whole);
  if (bytes.length <= maxBytes) return whole;
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

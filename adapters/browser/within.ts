import { AppError } from '../../contracts/app-error.ts';

/** Rejects when the work takes longer; what it does later is nobody's any more. */
export async function within<T>(work: Promise<T>, timeoutMs: number, late: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AppError('tool.refused', late)), timeoutMs);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}

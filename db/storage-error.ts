import { AppError } from '../contracts/app-error.ts';
import { DatabaseError } from 'pg';

/** Deadlock and serialization failure: the same transaction may well succeed the next time. */
const TRANSIENT = new Set(['40P01', '40001']);
/** Classes of SQLSTATE that say nothing about the statement: connection, resources, shutdown. */
const UNAVAILABLE_CLASSES = new Set(['08', '53', '57', '58']);

/** True when the transaction was rolled back for what others did at the same time. */
export function isTransient(error: unknown): boolean {
  return error instanceof DatabaseError && TRANSIENT.has(error.code ?? '');
}

/** True when the transaction was rolled back for what is in it: a part of it may be fine. */
export function isRefused(error: unknown): boolean {
  return (
    error instanceof DatabaseError && !UNAVAILABLE_CLASSES.has(error.code?.slice(0, 2) ?? '08')
  );
}

/** A lost connection as a failure that may be tried again; other errors as they are. */
export function toReachError(error: unknown): unknown {
  return isRefused(error) ? error : toStorageError(error);
}

/** The error as callers see it; a lost connection becomes one that may be tried again. */
export function toStorageError(error: unknown): Error {
  if (error instanceof AppError) return error;
  if (isRefused(error) && !isTransient(error) && error instanceof Error) return error;
  return new AppError('service.unavailable', 'the database cannot be reached; try again', {
    cause: error,
  });
}

import { AppError } from '../../contracts/app-error.ts';

/** The error for an ingestion that the workspace does not have. */
export function unknownIngestion(id: string): AppError {
  return new AppError('knowledge.ingestion_not_found', `no ingestion ${id}`);
}

import {
  feedbackSchema,
  giveFeedbackSchema,
  listFeedbackQuerySchema,
} from '../../contracts/feedback.schema.ts';
import { defined } from '../defined.ts';
import { learnFromFeedback } from '../learn-from-feedback.ts';
import { pageSchema } from '../../contracts/query.schema.ts';
import { route } from '../route.ts';
import { toPageRequest } from '../paging.ts';

const giveFeedback = route({
  method: 'POST',
  path: '/v1/threads/{thread}/messages/{message}/feedback',
  permission: 'threads:write',
  summary: 'Say what a person thinks of a message; the same kind once more replaces it',
  body: giveFeedbackSchema,
  answers: { 201: { description: 'the feedback', schema: feedbackSchema } },
  problems: ['thread.not_found', 'message.not_found'],
  handler: async ({ params, body, workspaceId, principal }, services) => {
    const thread = await services.threads.get(workspaceId, params.thread);
    const { userId = thread.userId, comment = '', ...value } = body;
    const given = await services.feedback.put(workspaceId, {
      ...value,
      threadId: thread.id,
      messageId: params.message,
      userId,
      comment,
      actor: principal.apiKeyId,
    });
    return { status: 201, body: await learnFromFeedback(services, thread, given) };
  },
});

const listFeedback = route({
  method: 'GET',
  path: '/v1/threads/{thread}/feedback',
  permission: 'threads:read',
  summary: 'List what people have said about the messages of a conversation, newest first',
  query: listFeedbackQuerySchema,
  answers: { 200: { description: 'a page of feedback', schema: pageSchema(feedbackSchema) } },
  problems: ['thread.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { threads, feedback }) => {
    const { id: threadId } = await threads.get(workspaceId, params.thread);
    const filter = { threadId, ...defined({ userId: query.userId }) };
    const page = toPageRequest(query);
    return { status: 200, body: await feedback.list(workspaceId, filter, page) };
  },
});

/** Routes of feedback. */
export const FEEDBACK_ROUTES = [giveFeedback, listFeedback];

/** The logs of the PBX itself. Nothing in the sandbox writes them: rows come from the store, under the root's name. */
import type { Row } from '../../odata/model';
import type { Rules } from '../context';

export const eventLogs: Rules = {
	operations: {
		'Pbx.DownloadEventLogs': ({ context }) => context.store.rows('EventLogs'),
		'Pbx.PurgeEventLog'({ context: { store } }) {
			for (const row of store.rows('EventLogs')) store.remove('EventLogs', row);
		},
	},
};

export const auditLog: Rules = {
	operations: {
		'Pbx.GetAuditLogData': ({ context }) => context.store.rows('ReportAuditLog'),
		'Pbx.DownloadAuditLog': ({ context }) => context.store.rows('ReportAuditLog'),
	},
};

/** Whether the text of an entry names an extension or call; an empty filter lets all pass. */
const mentions = ({ Message }: Row, filter: unknown) =>
	typeof filter !== 'string' || filter === '' || String(Message).split(/\W+/).includes(filter);

export const activityLog: Rules = {
	operations: {
		'Pbx.GetLogs': ({ context, args }) =>
			context.store
				.rows('ActivityLog')
				.filter(({ TimeStamp }) => String(TimeStamp) >= String(args.startDate))
				.filter(({ TimeStamp }) => String(TimeStamp) < String(args.endDate))
				.filter((row) => mentions(row, args.extension) && mentions(row, args.call)),
		'Pbx.GetFilter': ({ context }) => ({
			Extensions: context.store
				.rows('Users')
				.map(({ Number: number }) => ({ Number: number, CallIds: [] })),
		}),
	},
};

/** The chat views, whose Download functions give the rows of the view. */
const chatView = (root: string, download: string): Rules => ({
	operations: { [`Pbx.${download}`]: ({ context }) => context.store.rows(root) },
});

export const chatHistory = chatView('ChatHistoryView', 'DownloadChatHistory');
export const chatMessages = chatView('ChatMessagesHistoryView', 'DownloadChatMessagesHistory');

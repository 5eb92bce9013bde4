import { csvOperation, downloadCsv } from '../csvFile';
import { inPeriod, periodOrAllProperties } from '../fields/period';
import type { EntityResource } from '../resource';

/** The CSV download of a chat view. */
const csv = (operationId: string, what: string) =>
	csvOperation({
		action: `Download ${what} as CSV`,
		description: `Get the ${what} as a CSV file. Requires the System Owner role.`,
		uses: [operationId],
		properties: periodOrAllProperties,
		execute: async (run) => [
			await downloadCsv(
				run,
				operationId,
				{
					parameters: { clientTimeZone: run.context.getTimezone() },
					query: inPeriod('TimeSent', run),
				},
				`${what.replaceAll(' ', '-')}.csv`,
			),
		],
	});

/** Neither view has a key; newest first. */
const order = [{ field: 'TimeSent', direction: 'desc' }] as const;

/** What was said in each conversation: XAPI `ChatHistoryView`. */
export const chat: EntityResource = {
	name: 'chat',
	label: 'Chat',
	plural: 'Chats',
	description: 'The history of chats, with the channel of each',
	entitySet: 'ChatHistoryView',
	type: 'ChatHistoryView',
	naturalKeys: [],
	title: ({ FromName, Message }) => `${String(FromName)}: ${String(Message)}`,
	searchIn: ['FromName', 'FromNo', 'Message'],
	summary: [
		'ConversationId',
		'TimeSent',
		'FromNo',
		'FromName',
		'Message',
		'ProviderType',
		'ProviderName',
		'ChatName',
		'QueueNumber',
		'IsExternal',
		'ParticipantPhone',
		'ParticipantEmail',
	],
	order,
	expand: {},
	fields: [],
	operations: [csv('DownloadChatHistory', 'chat history')],
};

/** Single messages with sender and recipients: XAPI `ChatMessagesHistoryView`. */
export const chatMessage: EntityResource = {
	name: 'chatMessage',
	label: 'Chat Message',
	plural: 'Chat Messages',
	description: 'A chat message, with its sender and recipients',
	entitySet: 'ChatMessagesHistoryView',
	type: 'ChatMessagesHistoryView',
	naturalKeys: [],
	title: ({ SenderParticipantName, Message }) =>
		`${String(SenderParticipantName)}: ${String(Message)}`,
	searchIn: ['SenderParticipantName', 'SenderParticipantNo', 'Message'],
	summary: [
		'MessageId',
		'ConversationId',
		'TimeSent',
		'SenderParticipantNo',
		'SenderParticipantName',
		'SenderParticipantPhone',
		'Recipients',
		'Message',
		'QueueNumber',
		'IsExternal',
	],
	order,
	expand: {},
	fields: [],
	operations: [csv('DownloadChatMessagesHistory', 'chat messages')],
};

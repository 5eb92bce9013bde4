import type { IDataObject, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { WAV_TYPE } from '../../../lib/audio/wavType';
import { ThreeCxError, type ErrorKind } from '../../../lib/http/errors';
import { systemClock } from '../../../lib/waiting/clock';
import { recordingsOf, type RecordedCall } from '../../../lib/xapi/callRecording';
import type { Entity } from '../../../lib/xapi/entities';
import { requestFor } from '../../../lib/xapi/invoke';
import { downloadFile } from '../../shared/file';
import { instantIn } from '../../shared/time';
import type { ItemResult, ItemRun } from '../../shared/router';
import { outputFieldOf } from '../fields/outputFile';
import { asOutput, pick } from '../operations/output';
import type { EntityResource } from '../resource';

/** From one look for the recording to the next, in ms. */
const EVERY_MS = 2_000;

/** Trouble that may be over at the next look. */
const PASSES = new Set<ErrorKind>(['unreachable', 'timeout', 'server', 'rateLimited', 'malformed']);

/** What a PBX says of a file that it has not finished. */
const NO_FILE_YET = new Set<ErrorKind>(['notFound', 'validation', ...PASSES]);

const text = (displayName: string, name: string, value: string, description: string) =>
	({
		displayName,
		name,
		type: 'string',
		default: `={{ ${value} }}`,
		description,
	}) satisfies INodeProperties;

/** The fields; at first they take the call from the item of a trigger. */
export const findProperties = (file: INodeProperties): INodeProperties[] => [
	text(
		'Call ID',
		'callId',
		'$json.callId',
		'From the Call History Trigger or the call log; a number is not used',
	),
	text('Number', 'number', '$json.number || $json.from', 'The number of the other party'),
	text(
		'Extension',
		'extension',
		'$json.extension || $json.answeredBy',
		'The extension that talked',
	),
	text(
		'Start of Call',
		'callStart',
		'$json.answeredAt || $json.startedAt',
		'When the call was answered, or started',
	),
	text('End of Call', 'callEnd', '$json.endedAt', 'Leave empty if the call has just ended'),
	{
		displayName: 'Wait at Most (Seconds)',
		name: 'waitAtMost',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 3600 },
		default: 60,
		description: 'How long to wait for the recording',
	},
	{
		displayName: 'Download',
		name: 'download',
		type: 'boolean',
		default: false,
		description: 'Whether to add the audio file',
	},
	{ ...file, displayOptions: { show: { download: [true] } } },
];

function callOf({ context, index }: ItemRun): RecordedCall {
	const valueOf = (name: string) => String(context.getNodeParameter(name, index, '') ?? '').trim();
	const [id, number, extension] = [valueOf('callId'), valueOf('number'), valueOf('extension')];
	// A call of Call Control has a number that the call log is not known to have (protocol 8.10).
	const historyId = /^\d*$/.test(id) ? undefined : id;
	if (historyId === undefined && number === '' && extension === '') {
		throw new ThreeCxError({
			kind: 'input',
			field: 'number',
			message: 'It is not known which call is meant',
			hint: 'Fill in the number of the other party, the extension, or both; or the call ID from the Call History Trigger.',
		});
	}
	const instant = (name: string) => Date.parse(instantIn(context.getTimezone())(valueOf(name)));
	const from = instant('callStart');
	if (Number.isNaN(from)) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'callStart',
			message: `"${valueOf('callStart')}" in "Start of Call" is not a time`,
			hint: 'Enter the time when the call was answered, such as 2026-11-27T09:00:00Z.',
		});
	}
	const to = instant('callEnd');
	return {
		historyId,
		number: number || undefined,
		extension: extension || undefined,
		from,
		to: Number.isNaN(to) ? Date.now() : to,
	};
}

/**
 * Waits until the PBX has the recording of a call, and gives it, with its file on request.
 *
 * @param run the item
 * @param summary properties of the recording to give
 * @param added what it has besides
 * @returns one item: with `found` false where there is none when the time is over
 */
export async function findRecording(
	run: ItemRun,
	summary: readonly string[],
	added: NonNullable<EntityResource['added']>,
): Promise<ItemResult> {
	const { context, index, client, signal } = run;
	const call = callOf(run);
	const limitMs = Number(context.getNodeParameter('waitAtMost', index, 60)) * 1000;
	const wantsFile = context.getNodeParameter('download', index, false) === true;
	const begun = systemClock.now();
	const waitedSeconds = () => Math.round((systemClock.now() - begun) / 100) / 10;
	const output = async (rows: Entity[], file?: INodeExecutionData): Promise<IDataObject> => ({
		found: true,
		complete: isComplete(rows[0]!),
		waitedSeconds: waitedSeconds(),
		...asOutput([{ ...pick(rows[0]!, [...summary]), ...(await added(run))(rows[0]!) }])[0],
		others: rows.slice(1).map(({ Id }) => Number(Id)),
		...file?.json,
	});
	for (;;) {
		const isLast = systemClock.now() - begun >= limitMs;
		const rows = await recordingsOf(client, call, summary, { signal }).catch((error: unknown) => {
			if (isLast || !(error instanceof ThreeCxError) || !PASSES.has(error.kind)) throw error;
			return [];
		});
		const [best] = rows;
		if (best && (isLast || isComplete(best))) {
			if (!wantsFile || !isComplete(best)) return await output(rows);
			const file = await fileOf(run, Number(best.Id)).catch((error: unknown) => {
				if (error instanceof ThreeCxError && NO_FILE_YET.has(error.kind)) return error;
				throw error;
			});
			if (!(file instanceof ThreeCxError)) return [{ ...file, json: await output(rows, file) }];
			if (isLast) return { ...(await output(rows)), fileError: file.message };
		}
		if (isLast) {
			return {
				found: false,
				waitedSeconds: waitedSeconds(),
				reason:
					'The PBX has no recording of this call. It may not have been recorded, or is not stored yet.',
			};
		}
		await systemClock.sleep(Math.min(EVERY_MS, begun + limitMs - systemClock.now()), signal);
		signal?.throwIfAborted();
	}
}

const isComplete = ({ EndTime }: Entity): boolean => typeof EndTime === 'string' && EndTime !== '';

const fileOf = async (run: ItemRun, recId: number): Promise<INodeExecutionData> =>
	await downloadFile(run, requestFor('DownloadRecording', { parameters: { recId } }), {
		property: outputFieldOf(run),
		fileName: `recording-${recId}.wav`,
		mimeType: WAV_TYPE,
	});

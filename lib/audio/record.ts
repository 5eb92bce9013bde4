import { bytesOf, msOf } from './pcm';
import { SilenceDetector, type SilenceRules } from './silence';

/** When a recording ends, besides with the call. */
export interface RecordRules {
	/** Longest recording, in ms of audio. */
	maxMs: number;
	/** Without them silence is recorded, too. */
	silence?: SilenceRules;
}

/** What ended a recording. `stopped`: the signal; `callEnded`: there was no more audio. */
export type RecordEnd = 'maximum' | 'silence' | 'nothingSaid' | 'stopped' | 'callEnded';

/** What was recorded. */
export interface Recorded {
	endedBy: RecordEnd;
	/** Length of the recording, in ms of audio. */
	ms: number;
	/** Whether anybody spoke; undefined where nobody listened for silence. */
	spoken?: boolean;
}

/**
 * Records until the first of the rules says that it is enough.
 *
 * @param audio what the caller says, in whole samples
 * @param rules when it ends
 * @param keep takes each piece, in order
 * @param stop ends it from outside; the audio must end then, too
 * @returns what was recorded
 */
export async function record(
	audio: AsyncIterable<Buffer>,
	rules: RecordRules,
	keep: (pcm: Buffer) => Promise<void>,
	stop: AbortSignal,
): Promise<Recorded> {
	const limit = bytesOf(rules.maxMs);
	const silence = rules.silence && new SilenceDetector(rules.silence);
	let bytes = 0;
	let endedBy: RecordEnd | undefined;
	for await (const chunk of audio) {
		const pcm = chunk.subarray(0, limit - bytes);
		await keep(pcm);
		bytes += pcm.length;
		endedBy = silence?.hear(pcm) ?? (bytes >= limit ? 'maximum' : undefined);
		if (endedBy) break;
	}
	endedBy ??= stop.aborted ? 'stopped' : 'callEnded';
	return { endedBy, ms: msOf(bytes), ...(silence && { spoken: silence.spoken }) };
}

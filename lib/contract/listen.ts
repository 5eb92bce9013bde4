import { setTimeout as delay } from 'node:timers/promises';
import { superviseSocket } from '../callcontrol/link/socket';
import type { PbxClient } from '../http/client';
import type { ThreeCxError } from '../http/errors';

/** Messages that are kept at most. */
const MAX_MESSAGES = 500;

/** What a socket has told while it was listened to. */
export interface Heard {
	/** Whether it opened. */
	isOpen: boolean;
	/** The text of each message, binary ones decoded. */
	messages: string[];
	/** Why it ended before its time: a refusal with its status, or the close code of the PBX. */
	ended?: ThreeCxError;
}

/** A socket that is being listened to. */
export interface Listening {
	/** Resolves once it is open, or ended. */
	opened: Promise<void>;
	/** Resolves when the time is over, or the socket has ended. Never rejects. */
	heard: Promise<Heard>;
}

/**
 * Listens to the events of a PBX for a while. The socket is opened once, and not again.
 *
 * @param client the PBX
 * @param forMs how long to listen, in ms
 * @param signal ends it before its time
 */
export function listen(client: PbxClient, forMs: number, signal: AbortSignal): Listening {
	const done = new AbortController();
	const heard: Heard = { isOpen: false, messages: [] };
	let settle!: () => void;
	const opened = new Promise<void>((resolve) => (settle = resolve));
	const socket = superviseSocket({
		// Nothing is read here that could prove the token of the socket; what was proved before says nothing of it.
		connect: async () =>
			await Promise.resolve(
				Object.create(client, { provenToken: { value: undefined } }) as PbxClient,
			),
		onFrame: (text) => {
			if (heard.messages.length < MAX_MESSAGES) heard.messages.push(text);
		},
		read: async () => {
			heard.isOpen = true;
			settle();
			await Promise.resolve();
		},
		onDown: (error) => {
			// The first end is the answer; opening it again would be another question.
			heard.ended ??= error;
			done.abort();
		},
		signal: AbortSignal.any([signal, done.signal]),
	});
	const heardAll = async (): Promise<Heard> => {
		await delay(forMs, undefined, { signal: AbortSignal.any([signal, done.signal]) }).catch(
			() => undefined,
		);
		done.abort();
		await socket.ended;
		settle();
		return heard;
	};
	return { opened, heard: heardAll() };
}

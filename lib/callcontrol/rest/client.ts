import type { Readable } from 'node:stream';
import type { PbxClient, PbxRequest } from '../../http/client';
import { wellFormed } from '../../odata/text';
import { MAX_SMALL_BYTES, readText } from '../../http/body';
import { ThreeCxError } from '../../http/errors';
import { amongAwaited } from './awaited';
import {
	readDevice,
	readDn,
	readList,
	readParticipant,
	readResult,
	type CallControlResult,
	type Device,
	type DnState,
	type Participant,
} from './types';

/** What can be done to a leg (protocol 2.5). There is no hold, mute, conference or recording in this API. */
export type Action =
	| 'answer'
	| 'attach_participant_data'
	| 'attach_party_data'
	| 'divert'
	| 'drop'
	| 'routeto'
	| 'transferto';

/** A call to be made, or a leg to be sent on. */
export interface Route {
	/** Extension or outside number. */
	destination: string;
	/** Routing reason; 3CX tolerates free text on makecall. */
	reason?: string;
	/** Give up after this many seconds; 3CX's default is not documented. */
	timeout?: number;
	/** Data to tie to the call, for routing apps and other clients. */
	attachedData?: Record<string, string>;
}

/** A call to be made from an extension or route point. */
export interface NewCall extends Route {
	/** `device_id` of the phone to use; without it 3CX takes the only phone, or rings all of them. */
	device?: string;
}

/** The Call Control endpoints (protocol 2.1). Each function throws a ThreeCxError when 3CX refuses. */
export interface CallControl {
	/** Every DN that the API client may see, with its phones and legs. */
	list(signal?: AbortSignal): Promise<DnState[]>;
	dn(dn: string, signal?: AbortSignal): Promise<DnState>;
	devices(dn: string, signal?: AbortSignal): Promise<Device[]>;
	device(dn: string, id: string, signal?: AbortSignal): Promise<Device>;
	participants(dn: string, signal?: AbortSignal): Promise<Participant[]>;
	participant(dn: string, id: number, signal?: AbortSignal): Promise<Participant>;
	/** @throws ThreeCxError of kind `impossible` when 3CX answers 200 but says that it failed */
	makeCall(dn: string, call: NewCall, signal?: AbortSignal): Promise<CallControlResult>;
	/**
	 * What the caller says, on a leg of a route point, as it comes (protocol 2.8): it ends with the leg.
	 *
	 * @returns 8 kHz, 16-bit, mono samples without header, in pieces of any length; must be read or destroyed
	 * @throws ThreeCxError with status 424 (or 404) as long as the leg has no audio
	 */
	listen(dn: string, participant: number, signal?: AbortSignal): Promise<Readable>;
	/**
	 * Says something to the caller, on a leg of a route point.
	 *
	 * @param audio gives the samples at the pace at which they are played, from the start for each try
	 * @param forMs how long that will take, in ms; the PBX answers when it has everything
	 * @throws ThreeCxError with status 424 (or 404) as long as the leg has no audio
	 */
	speak(
		dn: string,
		participant: number,
		audio: () => Readable,
		forMs: number,
		signal?: AbortSignal,
	): Promise<void>;
	/**
	 * `routeto` and `transferto` are answered when the outcome is known, which may take as long as the destination rings
	 * (protocol 2.5). Once one of these, or a `divert`, has been sent, the signal does not end it: what it has started goes on.
	 *
	 * @throws ThreeCxError of kind `impossible` when 3CX answers 200 but says that it failed; of kind `rateLimited` when
	 *   100 of these wait for the PBX already
	 */
	act(
		dn: string,
		participant: number,
		action: Action,
		route?: Partial<Route>,
		signal?: AbortSignal,
	): Promise<CallControlResult>;
}

/** How long the PBX may take to answer once it has all audio, and may pause within the audio that it sends, in ms. */
const AUDIO_PAUSE_MS = 60_000;

/** What may be answered only when somebody has taken the call, or nobody will (protocol 2.5). */
const AWAITED: ReadonlySet<Action> = new Set<Action>(['divert', 'routeto', 'transferto']);

/** How long a destination may ring before the answer is given up, in ms, unless the caller says how long it rings. */
const AWAITED_MS = 600_000;

/** The time for the answer itself, on top of the ringing, in ms. */
const AWAITED_MARGIN_MS = 60_000;

/** @throws ThreeCxError of kind `input` for what no path can name: nothing, or half of a character */
function named(segment: string | number): string {
	const text = wellFormed(String(segment), 'extension');
	if (text !== '') return text;
	throw new ThreeCxError({
		kind: 'input',
		message: 'An extension, device or participant has no number',
		hint: 'Fill in the field; if it uses an expression, check what the expression returns for this item.',
	});
}

/** @returns `/callcontrol/a/b`, every segment percent-encoded: a device ID is a SIP URI. */
const pathOf = (...segments: Array<string | number>): string =>
	['/callcontrol', ...segments.map((segment) => encodeURIComponent(named(segment)))].join('/');

/**
 * @param client the PBX
 * @param timeoutMs how long one answer may take, in ms; default the client's
 * @returns its Call Control endpoints as functions
 */
export function createCallControl(client: PbxClient, timeoutMs?: number): CallControl {
	async function get<T>(
		path: string,
		read: (body: unknown) => T | undefined,
		signal?: AbortSignal,
	): Promise<T> {
		const { body } = await client.request({ method: 'GET', path, signal, timeoutMs });
		const value = read(body);
		if (value !== undefined) return value;
		throw new ThreeCxError({
			kind: 'malformed',
			message: 'The PBX sent an unexpected Call Control response',
			hint: 'Try again; if it keeps failing, check the version of the PBX: these nodes support 3CX v20.',
			request: `GET ${path}`,
		});
	}

	async function post(
		path: string,
		body: object,
		signal?: AbortSignal,
		more: Pick<PbxRequest, 'awaited' | 'timeoutMs'> = { timeoutMs },
	): Promise<CallControlResult> {
		const answer = await client.request({ method: 'POST', path, body, signal, ...more });
		const result = readResult(answer.body);
		if (result.succeeded) return result;
		const why = client.secrets.mask(result.reasonText || result.reason || 'no reason given');
		const refusal = new ThreeCxError({
			kind: 'impossible',
			message: `3CX could not do it: ${why}`,
			hint: hintFor(path),
			status: answer.status,
			code: result.reason || undefined,
			said: why,
			request: `POST ${path}`,
		});
		throw client.secrets.maskError(refusal);
	}

	const listOf =
		<T>(read: (item: unknown) => T | undefined) =>
		(body: unknown) =>
			Array.isArray(body) ? readList(body, read) : undefined;

	return {
		list: async (signal) => await get(pathOf(), listOf(readDn), signal),
		dn: async (dn, signal) => await get(pathOf(dn), readDn, signal),
		devices: async (dn, signal) => await get(pathOf(dn, 'devices'), listOf(readDevice), signal),
		device: async (dn, id, signal) => await get(pathOf(dn, 'devices', id), readDevice, signal),
		participants: async (dn, signal) =>
			await get(pathOf(dn, 'participants'), listOf(readParticipant), signal),
		participant: async (dn, id, signal) =>
			await get(pathOf(dn, 'participants', id), readParticipant, signal),
		makeCall: async (dn, { device, ...call }, signal) =>
			await post(
				device === undefined ? pathOf(dn, 'makecall') : pathOf(dn, 'devices', device, 'makecall'),
				bodyOf(call),
				signal,
			),
		listen: async (dn, participant, signal) => {
			const path = pathOf(dn, 'participants', participant, 'stream');
			const timeoutMs = AUDIO_PAUSE_MS;
			return (await client.stream({ method: 'GET', path, signal, timeoutMs, lasting: true })).body;
		},
		speak: async (dn, participant, upload, forMs, signal) => {
			const path = pathOf(dn, 'participants', participant, 'stream');
			// The client's clock for the answer runs while the audio is being sent.
			const timeoutMs = forMs + AUDIO_PAUSE_MS;
			const answer = await client.stream({
				method: 'POST',
				path,
				upload,
				signal,
				timeoutMs,
				lasting: true,
			});
			// It has played: what the PBX still says, and whether it ends, does not matter.
			const limits = { maxBytes: MAX_SMALL_BYTES, withinMs: AUDIO_PAUSE_MS };
			void readText(answer.body, limits).catch(() => undefined);
		},
		act: async (dn, participant, action, route = {}, signal) => {
			const path = pathOf(dn, 'participants', participant, action);
			if (!AWAITED.has(action)) return await post(path, bodyOf(route), signal);
			const ringsMs = (route.timeout ?? 0) * 1_000 + AWAITED_MARGIN_MS;
			const limits = { awaited: true, timeoutMs: Math.max(AWAITED_MS, ringsMs) };
			return await amongAwaited(
				client.connection.origin,
				async () => await post(path, bodyOf(route), signal, limits),
			);
		},
	};
}

/** @returns what to look at when 3CX says that it failed, by what was asked */
function hintFor(path: string): string {
	if (path.endsWith('/makecall'))
		return 'Check the number to call, and that a phone of the extension is registered and free; then try again.';
	return AWAITED.has(path.split('/').at(-1) as Action)
		? 'Check the destination, and that it is free and has a phone registered; then try again.'
		: 'Check with Call > Get how the call is now; it may have ended, or somebody may have done the same.';
}

/**
 * The body of a POST: lower-case keys over REST. An action without any still needs `{}`: hardware was seen to reject
 * an empty body (protocol 2.1).
 */
function bodyOf({ destination, reason, timeout, attachedData }: Partial<Route>): object {
	return {
		...(destination === undefined ? {} : { destination }),
		...(reason === undefined ? {} : { reason }),
		...(timeout === undefined ? {} : { timeout }),
		...(attachedData === undefined ? {} : { attacheddata: attachedData }),
	};
}

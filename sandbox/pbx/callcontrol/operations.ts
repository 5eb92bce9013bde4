import { z } from 'zod';

import type { Caller } from '../types';
import { Refusal } from './errors';
import type { RouteOutcome } from './call';
import type { CallEngine, LegRef, RouteOptions } from './engine';
import type { Participant, Reason } from './types';

/** What an action may be told, as REST spells it; the socket's spelling is translated into it. */
export const actionRequest = z.object({
	destination: z.string().optional(),
	/** A routing reason, or any text: clients send free words, which 3CX evidently tolerates (protocol 2.5). */
	reason: z.string().optional(),
	/** Seconds; 0 is the PBX's own ring time. */
	timeout: z.number().nonnegative().optional(),
	attacheddata: z.record(z.string()).optional(),
});
export type ActionRequest = z.infer<typeof actionRequest>;

/** The answer to makecall and to every participant action (protocol 2.6). */
export interface ActionResult {
	finalstatus: string | number;
	reason: string;
	result?: Participant;
	reasontext: string;
}

export interface Answer {
	status: number;
	body: unknown;
}

/** 3CX's sample types count so; its documentation writes words. Which one a PBX sends is uncertain (protocol 8.2). */
const FINAL_STATUS = { Failed: -1, Success: 1 } as const;

interface Action {
	needs?: 'destination' | 'attacheddata';
	run: (
		engine: CallEngine,
		leg: LegRef & { dn: string },
		request: ActionRequest,
	) => Result | Promise<Result>;
}

type Result = Participant | undefined;

const to = (leg: LegRef, { destination = '', timeout }: ActionRequest) => ({
	...leg,
	to: destination,
	...(timeout !== undefined && { timeout }),
});

/** Every action on a participant that exists; there is no hold, mute, park or record (protocol 2.1). */
export const ACTIONS: Readonly<Record<string, Action>> = {
	drop: {
		run: (engine, leg) => {
			const participant = engine.participant(leg.dn, leg.participant);
			engine.hangUp(leg);
			return participant;
		},
	},
	answer: {
		run: (engine, leg) => {
			if (!engine.participant(leg.dn, leg.participant)?.direct_control) {
				throw new Refusal(
					422,
					`Participant ${leg.participant} has no direct control: its phone speaks no uaCSTA`,
				);
			}
			return engine.answerLeg(leg);
		},
	},
	divert: {
		needs: 'destination',
		run: (engine, leg, request) =>
			outcomeOf('divert', engine, leg, request, (how) => engine.divert(how)),
	},
	routeto: {
		needs: 'destination',
		run: (engine, leg, request) =>
			outcomeOf('routeto', engine, leg, request, (how) => {
				const result = engine.routeTo(how);
				return attached(engine, leg, request) ?? result;
			}),
	},
	transferto: {
		needs: 'destination',
		run: (engine, leg, request) =>
			outcomeOf('transferto', engine, leg, request, (how) => engine.transfer(how)),
	},
	attach_participant_data: { needs: 'attacheddata', run: attached },
	attach_party_data: {
		needs: 'attacheddata',
		run: (engine, leg, request) => engine.attach(leg, 'party', request.attacheddata ?? {}),
	},
};

/**
 * Sends a leg on, and waits for the outcome if this PBX does so for the action. Nobody knows the words of 3CX for each
 * failure; one client reads "busy" and "unavailable" (protocol 2.5).
 *
 * @returns the leg, where it is still there
 * @throws Refusal that nobody took the call
 */
async function outcomeOf(
	action: 'divert' | 'routeto' | 'transferto',
	engine: CallEngine,
	leg: LegRef & { dn: string },
	request: ActionRequest,
	start: (how: LegRef & { to: string } & RouteOptions) => Participant,
): Promise<Result> {
	const { awaited, failedRouteStatus } = engine.options;
	if (!awaited.includes(action)) return start(to(leg, request));
	const { taken, reason } = await new Promise<RouteOutcome>((resolve) => {
		start({ ...to(leg, request), over: resolve });
	});
	if (taken) return engine.participant(leg.dn, leg.participant);
	const words = FAILED[reason] ?? 'no answer';
	throw new Refusal(failedRouteStatus, `${request.destination}: ${words}`, reason);
}

const FAILED: Partial<Record<Reason, string>> = {
	PhoneBusy: 'busy',
	Declined: 'busy',
	PhoneNotRegistered: 'unavailable',
};

function attached(
	engine: CallEngine,
	leg: LegRef,
	request: ActionRequest,
): Participant | undefined {
	return request.attacheddata && engine.attach(leg, 'participant', request.attacheddata);
}

/** Whether a client is shown a DN: its own route point, and what its list of extensions names (protocol 2.2). */
export function sees(caller: Caller, dn: string): boolean {
	const { clientId, monitored } = caller.client;
	return dn === clientId || monitored === 'all' || monitored.includes(dn);
}

/**
 * A DN that the caller may look at and act on.
 *
 * @throws Refusal 404 when there is none, 403 when the client does not monitor it
 */
export function monitoredDn(engine: CallEngine, caller: Caller, number: string) {
	const dn = engine.directory.dn(number);
	// Trunks show up as a party only, never as a DN of their own (protocol 2.2).
	if (!dn || dn.type === 'Wexternalline') throw new Refusal(404, `There is no DN ${number}`);
	if (!sees(caller, number)) {
		throw new Refusal(403, `DN ${number} is not among the extensions of this API client`);
	}
	return dn;
}

/** What is to be done: `makecall` on a DN or device, or an action on a participant. */
export interface Target {
	dn: string;
	device?: string;
	participant?: number;
	action: string;
}

/**
 * Path segments below `/callcontrol`, decoded after splitting: a device id is a SIP URI, whose encoded slash must not
 * split the path. What cannot be decoded stays as it is, and leads nowhere.
 */
export function segmentsOf(path: string): string[] {
	return path
		.replace(/^\/?callcontrol\/?/, '')
		.split('/')
		.filter(Boolean)
		.map(decode);
}

function decode(segment: string): string {
	try {
		return decodeURIComponent(segment);
	} catch {
		return segment;
	}
}

/**
 * Reads the target of an operation from path segments below `/callcontrol`.
 *
 * @returns undefined when no operation has that path
 */
export function targetOf(segments: string[]): Target | undefined {
	const [dn = '', kind, id, action] = segments;
	if (segments.length === 2 && kind === 'makecall') return { dn, action: kind };
	if (segments.length !== 4 || !id || !action) return undefined;
	if (kind === 'devices' && action === 'makecall') return { dn, device: id, action };
	if (kind === 'participants' && Object.hasOwn(ACTIONS, action)) {
		return { dn, participant: Number(id), action };
	}
	return undefined;
}

/** Does an operation for a caller; never throws a Refusal but answers with its status. */
export async function perform(
	engine: CallEngine,
	caller: Caller,
	target: Target,
	request: ActionRequest,
): Promise<Answer> {
	return await answering(engine, () => {
		const { number: dn } = monitoredDn(engine, caller, target.dn);
		const { destination, attacheddata, timeout } = request;
		if (target.participant === undefined) {
			if (!destination) throw new Refusal(400, 'destination is missing');
			return engine.makeCall({
				from: dn,
				to: destination,
				...(target.device !== undefined && { device: target.device }),
				...(timeout !== undefined && { timeout }),
				...(attacheddata && { attached: attacheddata }),
			});
		}
		const action = ACTIONS[target.action];
		if (!action) throw new Refusal(404, `There is no action ${target.action}`);
		if (!engine.participant(dn, target.participant)) {
			throw new Refusal(
				404,
				`Participant ${target.participant} of ${dn} is not there: the call may have ended`,
			);
		}
		if (action.needs && !request[action.needs])
			throw new Refusal(400, `${action.needs} is missing`);
		return action.run(engine, { dn, participant: target.participant }, request);
	});
}

/** Turns what `work` returns, or refuses, into status and result object. */
async function answering(
	engine: CallEngine,
	work: () => Result | Promise<Result>,
): Promise<Answer> {
	try {
		return { status: 200, body: resultObject(engine, 'Success', 'None', '', await work()) };
	} catch (error: unknown) {
		return refusalAnswer(engine, error);
	}
}

/** Status and result object of a Refusal; anything else is a fault of the simulator: 500. */
export function refusalAnswer(engine: CallEngine, error: unknown): Answer {
	if (error instanceof Refusal) {
		return {
			status: error.status,
			body: resultObject(engine, 'Failed', error.reason, error.message),
		};
	}
	const text = error instanceof Error ? error.message : String(error);
	return { status: 500, body: resultObject(engine, 'Failed', 'None', text) };
}

function resultObject(
	engine: CallEngine,
	outcome: keyof typeof FINAL_STATUS,
	reason: string,
	reasontext: string,
	result?: Participant,
): ActionResult {
	return {
		finalstatus: engine.options.finalStatus === 'number' ? FINAL_STATUS[outcome] : outcome,
		reason,
		...(result && { result }),
		reasontext,
	};
}

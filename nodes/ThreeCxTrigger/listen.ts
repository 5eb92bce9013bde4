import { hostOf } from '../../lib/http/serverUrl';
import { NodeOperationError, type ITriggerFunctions, type ITriggerResponse } from 'n8n-workflow';
import { Teller } from '../../lib/callcontrol/calls/teller';
import type { Told } from '../../lib/callcontrol/calls/told';
import type { CallEvent, CallEventType, Granularity } from '../../lib/callcontrol/calls/tracker';
import type { LinkState } from '../../lib/callcontrol/link/monitor';
import { subscribe, type Subscriber } from '../../lib/callcontrol/link/sharing';
import { connectTo, linkTo } from '../shared/connect';
import { toNodeError } from '../shared/errors';
import { DefaultCountry } from './countries';
import {
	asChosen,
	eventName,
	isAsked,
	linkEvent,
	rawEvent,
	type HappenedEvent,
	type TriggerEvent,
} from './events';
import { ExtensionNames } from './extensionNames';
import { isListed, wanted } from './filters';
import { Gaps, type GapPatience } from './gaps';
import { keptMemory, noMemory } from './memory';
import { readActiveCalls, withTimes } from '../../lib/history/activeCalls';
import { createQueue, isWorthTelling } from './queue';
import { Registrations } from './registrations';
import { readSettings, type Settings } from './settings';

/** How long a person who publishes or tests waits for the connection, in ms. */
const CONNECT_MS = 30_000;

/** How long a manual test listens, in ms. */
const TEST_MS = 120_000;

/** Asking for the PBX's country, and for the times of calls, is a courtesy: it is not to hold up the first call, in ms. */
const ASK = { timeoutMs: 3_000, retry: { attempts: 1, baseMs: 0, capMs: 0 } };

/** Activation modes in which a person looks on: only then does a missing connection fail the activation. */
const SOMEBODY_WATCHES = new Set<string>(['activate', 'manual']);

/** How long things may take; for tests. */
export interface ListenPatience {
	testMs?: number;
	timing?: Subscriber['timing'];
	queue?: Partial<Pick<Settings, 'settleMs' | 'again'>>;
	gaps?: Partial<GapPatience>;
}

const registrations = new Registrations();

/**
 * Listens to the calls of a PBX for one trigger node.
 *
 * Wrong settings always fail. A missing connection fails only where a person is watching; everywhere else, and ever
 * after, it is the monitor's to restore. It is never reported through `emitError`: since n8n 2.40 that ends the
 * trigger for good after some seconds.
 *
 * @param context n8n's trigger context
 * @param patience how long a manual test listens, in ms, and how patient the link is
 * @returns what n8n calls to test and to end it
 */
export async function listen(
	context: ITriggerFunctions,
	{ testMs = TEST_MS, timing, queue, gaps: patience }: ListenPatience = {},
): Promise<ITriggerResponse> {
	const settings = { ...readSettings(context), ...queue };
	const isManual = context.getMode() === 'manual';
	const { id: workflowId = 'unsaved' } = context.getWorkflow();
	const name = `${workflowId}:${context.getNode().id}`;
	const test = isManual ? createTest() : undefined;

	const country = new DefaultCountry(
		settings.country,
		async () => await connectTo(context, 0, ASK),
	);
	const names = new ExtensionNames(async () => await connectTo(context, 0, ASK));
	const memory = isManual ? noMemory() : keptMemory(context);
	const delivery = createQueue(context, settings, name, {
		begun: test?.begun,
		output: () => ({
			...settings,
			defaultCountry: country.code,
			pbx: pbx === '' ? undefined : hostOf(pbx),
			extensionName: (dn) => names.of(dn),
		}),
		beforeHandOver: () => memory.save(),
		onHandOver: () => test?.done(),
		onSettled: (events) => {
			for (const event of events) if (event.kind === 'call') teller?.settled(event);
		},
	});
	const isWanted = wanted(settings.filters, () => country.code);
	const isTheirs = isListed(settings.filters);
	/** Each end of a call is asked for; which of them are wanted is known only with the call. */
	const push = (event: TriggerEvent) => {
		const told = asChosen(event, settings.events, isTheirs);
		if (told) delivery.push(told);
		else if (event.kind === 'call') teller?.settled(event);
	};
	const granularityOf = (type: CallEventType): Granularity =>
		settings.perPhone.has(eventName(type)) ? 'leg' : settings.granularity;
	let pbx = '';
	/** Of the link that is listened to now. */
	let teller: Teller | undefined;
	let told: Told | undefined;
	const { tellMissed } = settings;
	const fills = !isManual && tellMissed !== 'nothing';
	const gaps = new Gaps({
		connect: async () => await connectTo(context),
		logger: context.logger,
		tell: tellMissed === 'everything' ? tellMissed : 'ended',
		push,
		patience,
	});
	const fill = (since: number | undefined) => {
		if (fills && since !== undefined && teller && told) gaps.fill(since, teller, told);
	};
	const startsFromNow = !settings.tellsPause && context.getActivationMode() === 'activate';
	const begin = (present: CallEvent[]) => {
		const isFirst = told === undefined;
		told = memory.open(pbx);
		teller = new Teller({
			granularities: settings.perPhone.size > 0 ? ['call', 'leg'] : [settings.granularity],
			matches: isWanted,
			asked: (type, granularity) =>
				isAsked(settings.events, type) && granularityOf(type) === granularity,
			told,
		});
		const beginning = isFirst && startsFromNow ? 'from now' : 'what was missed';
		const missedSince = beginning === 'from now' ? undefined : (told.gap ?? told.at);
		// A further link follows an outage, after which the log is read as well.
		const holds = fills && (!isFirst || missedSince !== undefined);
		const { events, foreign } = teller.begin(present, beginning, holds);
		events.forEach(push);
		if (foreign > 0)
			context.logger.warn(
				`3CX Trigger: ${foreign} calls that were told of belong to another phone system; their end is not told`,
			);
		else if (isFirst) fill(missedSince);
		if (isFirst) memory.save();
	};
	const take = (event: HappenedEvent) => {
		if (event.kind === 'call') teller?.take(event).forEach(push);
		else if (isAsked(settings.events, event.type) && isWanted(event)) push(event);
	};
	/** What waits for the times of the calls that are there; undefined when nothing has to. */
	let waiting: Array<() => void> | undefined;
	/** That the PBX is away has no numbers in it; all else waits until their country and the names are known. */
	const inTurn = (work: () => void) =>
		country.whenSettled(() =>
			names.whenSettled(() => (waiting ? waiting.push(work) : guarded(work))),
		);
	/** An error in one event must not end the others, nor the process. */
	const onError = (error: unknown) =>
		context.logger.error(
			`3CX Trigger: an event could not be processed: ${(error as Error).message}`,
		);
	const guarded = (work: () => void) => {
		try {
			work();
		} catch (error) {
			onError(error);
		}
	};
	const learnTimes = (present: CallEvent[]) => {
		if (present.length === 0) return begin(present);
		waiting = [];
		const ready = (known: CallEvent[]) => {
			const works = waiting ?? [];
			waiting = undefined;
			guarded(() => begin(known));
			works.forEach(inTurn);
		};
		void connectTo(context, 0, ASK)
			.then(readActiveCalls)
			.then((active) => withTimes(present, active))
			// The role may not allow it: then what is seen is all there is.
			.catch(() => present)
			.then(ready);
	};
	/** A person looks on, and gets the error itself instead of a line in the log. */
	let isGated = SOMEBODY_WATCHES.has(context.getActivationMode());
	const subscription = subscribe({
		connect: async () => {
			const access = await linkTo(context);
			pbx = access.client.connection.origin;
			return access;
		},
		onPresent: (present) => inTurn(() => learnTimes(present)),
		onEvents: (events) => inTurn(() => events.forEach(take)),
		onError,
		onShed: (total) => {
			if (!isWorthTelling(total)) return;
			context.logger.warn(
				`3CX Trigger: the phone system sends more messages than can be processed; dropped ${total} so far, and reads the state instead`,
			);
		},
		onContested: () =>
			context.logger.warn(
				'3CX Trigger: access tokens end before their time, again and again: another program seems to use the same client ID, and each login ends the token of the other. Calls are still told, some of them late. Create a separate API client for each program under Integrations > API in the 3CX Admin Console.',
			),
		onState: (state) => {
			if (state.online) {
				void country.ask();
				void names.ask();
			}
			if (isGated) return;
			report(context, state);
			const event = linkEvent(state);
			if (event) take(event);
			if (state.online && state.outageMs > 0) inTurn(() => fill(Date.now() - state.outageMs));
		},
		...(settings.events.has('raw')
			? { onMessage: (text) => inTurn(() => take(rawEvent(text))) }
			: {}),
		timing,
	});
	const leave = async () => {
		gaps.close();
		const { waiting, underWay } = delivery.close();
		if (waiting.length > 0 && !isManual)
			context.logger.warn(
				`3CX Trigger: stopped while ${waiting.length} events waited and ${underWay} executions were under way; what the phone system still knows of them is told at the next start`,
			);
		test?.done();
		await subscription.leave();
	};
	const closeFunction = isManual ? leave : await registrations.replace(name, leave);

	if (isGated) {
		const failure = await subscription.ready(CONNECT_MS).then(
			() => undefined,
			(error: unknown) => toNodeError(context.getNode(), error),
		);
		if (failure) {
			await closeFunction();
			throw failure;
		}
		isGated = false;
		memory.begin(pbx);
	}
	if (!test) return { closeFunction };
	return {
		closeFunction,
		manualTriggerFunction: async () => {
			const isHeard = await test.run(testMs);
			if (isHeard) return;
			await closeFunction();
			throw new NodeOperationError(context.getNode(), 'No call came in while listening', {
				description: `Listened for ${Math.round(testMs / 60_000)} minutes. Click "Execute step" again, then call one of the extensions. If no call appears, the API client may not be allowed to see these extensions: check Integrations > API in the 3CX Admin Console.`,
			});
		},
	};
}

/** Says once for each outage that it began and that it is over. */
function report(context: ITriggerFunctions, state: LinkState): void {
	const { logger } = context;
	if (!state.online) {
		const { message, hint } = state.error;
		logger.warn(`3CX Trigger: not connected, will keep trying. ${message}. ${hint}`);
	} else if (state.outageMs > 0) {
		const seconds = Math.round(state.outageMs / 1000);
		logger.info(`3CX Trigger: connected again after ${seconds} s and caught up`);
	}
}

/** A manual test: nothing may be emitted before n8n is ready, and it ends with the first event. */
function createTest() {
	let begin: () => void = () => undefined;
	let done: () => void = () => undefined;
	const begun = new Promise<void>((resolve) => (begin = resolve));
	const ended = new Promise<void>((resolve) => (done = resolve));
	return {
		begun,
		done: () => done(),
		/** @returns whether it ended before the time was up */
		async run(ms: number): Promise<boolean> {
			begin();
			let timer: NodeJS.Timeout | undefined;
			const tooLate = new Promise<boolean>((resolve) => {
				timer = setTimeout(() => resolve(false), ms);
			});
			const isHeard = await Promise.race([ended.then(() => true), tooLate]);
			clearTimeout(timer);
			return isHeard;
		},
	};
}

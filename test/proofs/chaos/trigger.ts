import {
	NodeConnectionTypes,
	type INodeType,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';
import { linkCount } from '../../../lib/callcontrol/link/sharing';
import { closeDispatchers } from '../../../lib/http/dispatchers';
import { listen } from '../../../nodes/ThreeCxTrigger/listen';
import { properties } from '../../../nodes/ThreeCxTrigger/properties';
import { CREDENTIAL } from '../../../nodes/shared/credential';
import type { Access, ChaosOptions, Delivered } from './';
import { CredentialStore } from '../../support/n8n';
import { activate } from '../../support/triggerHarness';

/** Shorter than usual, so that many outages fit into minutes; the ratios are those of the real ones. */
export const TIMING = {
	pingMs: 2_000,
	pongMs: 1_000,
	retryMs: 500,
	retryCapMs: 5_000,
	reconcileMs: 10_000,
};

/** The trigger with that impatience. (The node's own file cannot be imported by a script: tsx finds its JSON first.) */
export class ImpatientTrigger implements INodeType {
	description = {
		displayName: '3CX Trigger',
		name: 'threeCxTrigger',
		group: ['trigger' as const],
		version: 1,
		description: '',
		usableAsTool: undefined,
		defaults: {},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: CREDENTIAL, required: true }],
		properties,
	};

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(this, { timing: TIMING });
	}
}

const EVENTS: Readonly<Record<string, Delivered['type']>> = {
	callRinging: 'ringing',
	callDialing: 'dialing',
	callAnswered: 'answered',
	callTransferred: 'transferred',
	callEnded: 'ended',
	keyPressed: 'keyPressed',
};

const stores = new Map<string, CredentialStore>();

/** The credential, one for all triggers: 3CX has one token for them. */
export function storeOf(access: Access): CredentialStore {
	const store = stores.get(access.pbxUrl) ?? new CredentialStore({ ...access });
	stores.set(access.pbxUrl, store);
	return store;
}

/** How long an execution takes, in ms. */
const EXECUTION_MS = 5;

/** The real 3CX Trigger, in n8n's own trigger context; an execution that it starts is a delivery. */
export const trigger: Pick<ChaosOptions, 'listen' | 'linksLeft'> = {
	linksLeft: linkCount,
	async listen(access, tell) {
		const { response } = await activate({
			type: ImpatientTrigger,
			credentials: storeOf(access),
			parameters: {
				events: [...Object.keys(EVENTS), 'participantChanged'],
				// What it saw itself: the log knows no participants.
				options: { granularity: 'leg', defaultCountry: '', tellMissed: 'nothing' },
			},
			endAtOnce: false,
			onEmit: ({ items, end }) => {
				for (const { json } of items) {
					const type = EVENTS[String(json.event)];
					if (!type) continue;
					tell({
						type,
						callid: Number(json.callId),
						dn: String(json.extension),
						participant: Number(json.participantId),
						recovered: json.recovered === true,
					});
				}
				setTimeout(end, EXECUTION_MS);
			},
		});
		return {
			close: async () => {
				await response.closeFunction?.();
				await closeDispatchers();
			},
		};
	},
};

import {
	NodeConnectionTypes,
	type ILoadOptionsFunctions,
	type INodePropertyOptions,
	type INodeType,
	type INodeTypeDescription,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';
import { listNamedDns } from '../../lib/callcontrol/rest/names';
import { connectTo } from '../shared/connect';
import { getQueues } from '../shared/dnLists';
import { toNodeError } from '../shared/errors';
import { listen } from './listen';
import { properties } from './properties';

/** Starts a workflow when something happens to a call of a 3CX phone system. */
export class ThreeCxTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX Trigger',
		name: 'threeCxTrigger',
		icon: { light: 'file:../../icons/trigger.svg', dark: 'file:../../icons/trigger.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description:
			'Manage a 3CX phone system, and start workflows when a phone rings, a call is answered or ends',
		eventTriggerDescription: 'Now call an extension',
		activationMessage:
			'From now on, calls on your 3CX phone system start this workflow. If the connection is lost, the trigger reconnects automatically and catches up.',
		triggerPanel: {
			header: 'Listen to the phones',
			executionsHelp: {
				inactive:
					'<b>To try it out</b>, click "Execute step", then call one of the extensions: the call appears here. <br /> <br /> <b>When the workflow is ready</b>, publish it. Then every call starts it, even when this window is closed.',
				active:
					'<b>To try it out</b>, click "Execute step", then call one of the extensions: the call appears here. <br /> <br /> <b>This workflow is published</b>: every call starts it. To see what happened, open the executions list.',
			},
			activationHint: 'Once the workflow is published, calls start it automatically.',
		},
		defaults: { name: '3CX Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'threeCxOAuth2Api', required: true }],
		properties,
	};

	methods = {
		loadOptions: {
			getQueues,
			async getExtensions(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
				const dns = await connectTo(this)
					.then(listNamedDns)
					.catch((error: unknown) => {
						throw toNodeError(this.getNode(), error);
					});
				return dns.map(({ dn, label }) => ({ name: label, value: dn }));
			},
		},
	};

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(this).catch((error: unknown) => {
			throw toNodeError(this.getNode(), error);
		});
	}
}

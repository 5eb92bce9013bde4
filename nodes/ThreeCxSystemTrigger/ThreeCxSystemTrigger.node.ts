import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';
import { toNodeError } from '../shared/errors';
import { getExtensions, getQueues } from '../shared/dnLists';
import { properties } from './properties';
import { watch } from './watch';

/** Starts a workflow when the state of a 3CX phone system changes. */
export class ThreeCxSystemTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX System Trigger',
		name: 'threeCxSystemTrigger',
		icon: { light: 'file:../../icons/system.svg', dark: 'file:../../icons/system.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description:
			'Starts the workflow when a trunk, a service, a queue or something else of the phone system needs attention',
		eventTriggerDescription: 'Reading the state of the phone system',
		activationMessage:
			'From now on, your 3CX phone system is read again and again, and changes start this workflow.',
		triggerPanel: {
			header: 'Watch the phone system',
			executionsHelp: {
				inactive:
					'<b>To try it out</b>, click "Execute step": it shows the present state. <br /> <br /> <b>When the workflow is ready</b>, publish it. Then every change starts it, even when this window is closed.',
				active:
					'<b>To try it out</b>, click "Execute step": it shows the present state. <br /> <br /> <b>This workflow is published</b>: every change starts it. To see what happened, open the executions list.',
			},
			activationHint: 'Once the workflow is published, changes start it automatically.',
		},
		defaults: { name: '3CX System Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'threeCxOAuth2Api', required: true }],
		properties,
	};

	methods = { loadOptions: { getExtensions, getQueues } };

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await watch(this).catch((error: unknown) => {
			throw toNodeError(this.getNode(), error);
		});
	}
}

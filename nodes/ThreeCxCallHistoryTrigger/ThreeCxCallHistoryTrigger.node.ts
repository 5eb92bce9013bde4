import {
	NodeConnectionTypes,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IPollFunctions,
} from 'n8n-workflow';
import { toNodeError } from '../shared/errors';
import { poll } from './poll';
import { properties } from './properties';

/** Starts a workflow when calls, recordings and messages have appeared in the history of a 3CX phone system. */
export class ThreeCxCallHistoryTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX Call History Trigger',
		name: 'threeCxCallHistoryTrigger',
		icon: { light: 'file:../../icons/history.svg', dark: 'file:../../icons/history.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description: 'Starts the workflow when a call has ended, was missed or has been recorded',
		defaults: { name: '3CX Call History Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'threeCxOAuth2Api', required: true }],
		properties,
	};

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		return await poll(this).catch((error: unknown) => {
			throw toNodeError(this.getNode(), error);
		});
	}
}

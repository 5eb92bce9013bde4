import {
	NodeConnectionTypes,
	NodeOperationError,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { runItems } from '../shared/router';
import { listSearch, loadOptions, resourceMapping } from './methods';
import { operationsOf } from './operations';
import { properties } from './properties';
import { resourceNamed } from './resources';

/** The Configuration API (XAPI) of a 3CX phone system. */
export class ThreeCx implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX',
		name: 'threeCx',
		icon: { light: 'file:../../icons/threecx.svg', dark: 'file:../../icons/threecx.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Manage users, departments, queues and all else that a 3CX phone system has',
		defaults: { name: '3CX' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'threeCxOAuth2Api', required: true }],
		properties,
	};

	methods = { listSearch, loadOptions, resourceMapping };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async (run) => {
			const resource = resourceNamed(run.context.getNodeParameter('resource', run.index) as string);
			const name = run.context.getNodeParameter('operation', run.index) as string;
			const operation = operationsOf(resource).find((candidate) => candidate.name === name);
			if (!operation) {
				throw new NodeOperationError(
					this.getNode(),
					`${resource.label} has no operation "${name}"`,
					{
						description: 'Choose the operation from the list.',
						itemIndex: run.index,
					},
				);
			}
			return await operation.execute(run);
		});
	}
}

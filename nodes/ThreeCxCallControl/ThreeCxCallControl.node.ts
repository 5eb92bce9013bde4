import {
	NodeConnectionTypes,
	NodeOperationError,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { requestOptionsProperty } from '../shared/requestOptions';
import { runItems } from '../shared/router';
import { explainNotFound } from '../../lib/callcontrol/rest/available';
import { getDevices, searchExtensions, searchRoutePoints } from './extension';
import { searchLegs } from './fields/leg';
import { propertiesOf } from './operation';
import { resources } from './resources';

/** Live calls of a 3CX phone system (Call Control API). */
export class ThreeCxCallControl implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX Call Control',
		name: 'threeCxCallControl',
		icon: {
			light: 'file:../../icons/callcontrol.svg',
			dark: 'file:../../icons/callcontrol.dark.svg',
		},
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description:
			'Make, answer, send on and end calls of a 3CX phone system, hear and speak on them, and see what its phones are doing',
		defaults: { name: '3CX Call Control' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'threeCxOAuth2Api', required: true }],
		properties: [...propertiesOf(resources), requestOptionsProperty],
	};

	methods = {
		listSearch: { searchExtensions, searchLegs, searchRoutePoints },
		loadOptions: { getDevices },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async (run) => {
			const resource = run.context.getNodeParameter('resource', run.index) as string;
			const name = run.context.getNodeParameter('operation', run.index) as string;
			const operation = resources
				.find((candidate) => candidate.name === resource)
				?.operations.find((candidate) => candidate.name === name);
			if (operation) {
				return await operation.execute(run).catch(async (error: unknown) => {
					throw await explainNotFound(error, run.client);
				});
			}
			throw new NodeOperationError(this.getNode(), `There is no operation "${name}" here`, {
				description: 'Choose the operation from the list.',
				itemIndex: run.index,
			});
		});
	}
}

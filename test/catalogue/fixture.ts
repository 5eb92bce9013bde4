/** A small OpenAPI document in the dialect of the real one, as a YAML parser would return it. */
const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const answer = (content: object, status = 200) => ({
	[status]: { description: 'ok', content: { 'application/json': { schema: content } } },
	default: { $ref: '#/components/responses/error' },
});
const nothing = { 204: { description: 'done' } };
const key = (name: string, type: object) => ({
	name,
	in: 'path',
	required: true,
	description: 'prose that must not end up in the catalogue',
	schema: type,
});
const int32 = { type: 'integer', format: 'int32' };
const idKey = key('Id', int32);
const select = {
	name: '$select',
	in: 'query',
	schema: { type: 'array', items: { type: 'string' } },
};

export const document = {
	openapi: '3.0.4',
	info: { title: 'Test', version: '9.9' },
	paths: {
		'/Lamps': {
			get: {
				tags: ['Lamps'],
				operationId: 'ListLamp',
				parameters: [{ $ref: '#/components/parameters/top' }, select],
				responses: { 200: { $ref: '#/components/responses/Pbx.LampCollectionResponse' } },
			},
			post: {
				tags: ['Lamps'],
				operationId: 'CreateLamp',
				requestBody: { content: { 'application/json': { schema: schema('Pbx.Lamp') } } },
				responses: answer(schema('Pbx.Lamp'), 201),
				'x-ms-docs-operation-type': 'operation',
			},
		},
		'/Lamps({Id})': {
			get: {
				tags: ['Lamps'],
				operationId: 'GetLamp',
				parameters: [idKey, select],
				responses: answer(schema('Pbx.Lamp')),
			},
			delete: {
				tags: ['Lamps'],
				operationId: 'DeleteLamp',
				parameters: [idKey, { name: 'If-Match', in: 'header', schema: { type: 'string' } }],
				responses: nothing,
			},
		},
		'/Lamps(Name={Name})': {
			get: {
				tags: ['Lamps'],
				operationId: 'GetLampByName',
				parameters: [key('Name', { type: 'string', maxLength: 12, nullable: true })],
				responses: answer(schema('Pbx.Lamp')),
			},
		},
		'/Lamps({Id})/Bulbs': {
			get: {
				tags: ['Lamps'],
				operationId: 'ListBulbs',
				parameters: [idKey],
				responses: { 200: { $ref: '#/components/responses/Pbx.BulbCollectionResponse' } },
			},
		},
		'/Lamps({Id})/Pbx.Switch': {
			post: {
				tags: ['Lamps'],
				operationId: 'Switch',
				parameters: [idKey],
				requestBody: { $ref: '#/components/requestBodies/SwitchBody' },
				responses: nothing,
				'x-ms-docs-operation-type': 'action',
			},
		},
		'/Lamps/Pbx.IsOn(at={at})': {
			get: {
				tags: ['Lamps'],
				operationId: 'IsOn',
				parameters: [key('at', { type: 'string', format: 'date-time' })],
				responses: answer({ type: 'object', properties: { value: { type: 'boolean' } } }),
				'x-ms-docs-operation-type': 'function',
			},
		},
		'/Lamps/Pbx.Download()': {
			get: {
				tags: ['Lamps'],
				operationId: 'Download',
				responses: answer(schema('Pbx.IActionResult')),
				'x-ms-docs-operation-type': 'function',
			},
		},
		'/Power': {
			get: { tags: ['Power'], operationId: 'GetPower', responses: answer(schema('Pbx.Power')) },
			patch: {
				tags: ['Power'],
				operationId: 'GetPower',
				requestBody: { content: { 'application/json': { schema: schema('Pbx.Power') } } },
				responses: nothing,
			},
		},
		'/Blackout': {
			post: { responses: nothing, 'x-ms-docs-operation-type': 'actionImport' },
		},
	},
	components: {
		parameters: { top: { name: '$top', in: 'query', schema: { type: 'integer' } } },
		requestBodies: {
			SwitchBody: {
				content: {
					'application/json': {
						schema: {
							type: 'object',
							properties: { on: { type: 'boolean' }, ids: { type: 'array', items: int32 } },
						},
					},
				},
			},
		},
		responses: {
			error: { description: 'error' },
			'Pbx.LampCollectionResponse': answer(schema('Pbx.LampCollectionResponse'))[200],
			'Pbx.BulbCollectionResponse': answer(schema('Pbx.BulbCollectionResponse'))[200],
		},
		schemas: {
			BaseCollectionPaginationCountResponse: {
				type: 'object',
				properties: { '@odata.count': { type: 'integer' } },
			},
			ODataCountResponse: { type: 'integer', format: 'int64' },
			...Object.fromEntries(
				['Lamp', 'Bulb'].map((name) => [
					`Pbx.${name}CollectionResponse`,
					{
						type: 'object',
						allOf: [
							schema('BaseCollectionPaginationCountResponse'),
							{
								type: 'object',
								properties: { value: { type: 'array', items: schema(`Pbx.${name}`) } },
							},
						],
					},
				]),
			),
			'Pbx.Thing': { type: 'object', properties: { Id: int32 } },
			'Pbx.Lamp': {
				allOf: [
					schema('Pbx.Thing'),
					{
						type: 'object',
						properties: {
							Name: { type: 'string', maxLength: 12, nullable: true, description: 'prose' },
							Colour: { allOf: [schema('Pbx.Colour')], nullable: true },
							Colours: { type: 'array', items: schema('Pbx.Colour') },
							Bulbs: {
								type: 'array',
								items: schema('Pbx.Bulb'),
								'x-ms-navigationProperty': true,
							},
							Lumen: {
								oneOf: [
									{ type: 'number', format: 'double', nullable: true },
									{ type: 'string', nullable: true },
								],
							},
							loose: {},
						},
					},
				],
			},
			'Pbx.Bulb': { type: 'object', properties: { Number: { type: 'string' } } },
			'Pbx.Power': {
				type: 'object',
				properties: { Since: { type: 'string', format: 'duration', nullable: true } },
			},
			'Pbx.Colour': { type: 'string', enum: ['Red', 'Green'] },
			'Pbx.IActionResult': { type: 'object' },
		},
	},
};

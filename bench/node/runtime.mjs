// A loop on Lambda's Runtime API, smaller than AWS's own client, which favours node.
import { Agent, request } from 'node:http';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const call = (method, path, body) => new Promise((resolve, reject) => {
  const headers = body ? { 'Content-Length': body.length } : {};
  const sent = request({ host, port, agent, method, headers, path: `/2018-06-01/runtime/invocation/${path}` }, (answer) => {
    const chunks = [];
    answer.on('data', (chunk) => chunks.push(chunk));
    answer.on('end', () => resolve([answer.headers, Buffer.concat(chunks)]));
  });
  sent.on('error', reject);
  sent.end(body);
});

export const loop = async (handler) => {
  for (;;) {
    const [headers, event] = await call('GET', 'next');
    const awsRequestId = headers['lambda-runtime-aws-request-id'];
    const response = await handler(JSON.parse(event.toString('utf8')), { awsRequestId });
    await call('POST', `${awsRequestId}/response`, Buffer.from(JSON.stringify(response)));
  }
};

// The limit of Node's own http module: no framework.
const { createServer } = require("node:http");

createServer((request, response) => {
  const body = JSON.stringify({ message: "Hello, World!" });
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}).listen(Number(process.argv[2]), "127.0.0.1");

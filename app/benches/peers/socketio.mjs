// A plain Socket.IO server: what is posted to /publish goes to every client.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const http = createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/publish') return
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () => {
    io.emit('batch', JSON.parse(Buffer.concat(parts).toString()))
    response.end('ok')
  })
})
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false })
http.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })

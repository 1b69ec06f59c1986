import Foundation
import MeshTransport
import Testing

/// HTTP/2 against node's server; skipped, loudly, where there is no node.
@Suite struct HTTP2Tests {
  private static let script = """
    const http2 = require('http2'), fs = require('fs');
    let sessions = 0, closed = 0;
    const server = http2.createSecureServer(
      {key: fs.readFileSync('good.key'), cert: fs.readFileSync('good.pem')});
    server.on('session', () => sessions++);
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      if (headers[':path'] === '/watch') {
        stream.on('close', () => closed++);
        stream.respond({':status': 200});
        stream.write('a');
      } else {
        setTimeout(() => {
          if (stream.destroyed) return;
          stream.respond({':status': 200, 'x-sessions': sessions, 'x-closed': closed, 'x-host': headers[':authority']});
          stream.end('ok');
        }, 20);
      }
    });
    server.listen(0, '127.0.0.1', () => console.log('PORT ' + server.address().port));
    process.stdin.on('end', () => process.exit(0)).resume();
    """

  @Test func requestsAndWatchesShareOneConnectionAndEndAlone() async throws {
    guard let peer = try TLSPeer() else { return }
    try peer.certificate("good", alternativeName: "DNS:api.mesh.example")
    let node = Process()
    node.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    node.arguments = ["node", "-e", Self.script]
    node.currentDirectoryURL = peer.folder
    let (input, output) = (Pipe(), Pipe())
    node.standardInput = input
    node.standardOutput = output
    try node.run()
    defer { try? input.fileHandleForWriting.close() }
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    guard let port = Int(line.dropFirst(5).prefix { $0.isNumber }) else {
      print("SKIPPED: HTTP/2 tests need the node command")
      return
    }
    let tls = TLSSettings(authorities: try peer.pem("ca.pem"), serverName: "api.mesh.example")
    let transport = CurlTransport(settings: ConnectionSettings(tls: tls, proxy: .none))
    let url = "https://127.0.0.1:\(port)"
    let watch = HTTPRequest(.get, url + "/watch", deadlines: .watch(serverTimeout: .seconds(60)), limits: .stream)
    let held = try await transport.stream(watch)
    do {
      let dropped = try await transport.stream(watch)
      var iterator = dropped.makeAsyncIterator()
      #expect(try await iterator.next() == Array("a".utf8))
    }
    let answers = await withTaskGroup(of: HTTPResponse?.self) { group in
      for _ in 0..<20 { group.addTask { try? await transport.send(HTTPRequest(.get, url + "/x")) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers.count == 20)
    for answer in answers {
      #expect(answer?.connection.protocolVersion == "HTTP/2")
      #expect(answer?.headers["x-sessions"] == "1")
      #expect(answer?.headers["x-host"] == "127.0.0.1:\(port)")
    }
    // The dropped watch is over at the server, the held one is not.
    let last = try await transport.send(HTTPRequest(.get, url + "/x"))
    #expect(last.headers["x-closed"] == "1")
    #expect(held.status == 200)
  }
}

import Foundation
import MeshTransport
import Synchronization
import Testing

/// AWS signatures, recomputed with openssl from what the server received.
@Suite struct SigningTests {
  @Test(arguments: [
    (
      HTTPRequest.Method.get, "/workspaces/ws-1/api/v1/query?time=5&query=sum(rate(a{b=%22c%20d%22}[1m]))&a=%7E",
      "a=~&query=sum%28rate%28a%7Bb%3D%22c%20d%22%7D%5B1m%5D%29%29&time=5", ""
    ),
    (.get, "/meshes", "", ""),
    (.post, "/x?b=2&a=1&a=0", "a=0&a=1&b=2", #"{"x":1}"#),
    (.put, "/x", "", "body"),
  ])
  func theSignatureMatchesWhatWasSent(
    _ method: HTTPRequest.Method, _ url: String, _ query: String, _ body: String
  ) async throws {
    let seen = Mutex("")
    let server = ScriptedServer { connection in
      let head = connection.readHead()
      seen.withLock { $0 = head }
      _ = connection.read(body.utf8.count)
      connection.answer()
    }
    defer { server.stop() }
    let signing = AWSSigning(
      accessKey: "AKIDEXAMPLE", secretKey: Secret("secret/key+1"), sessionToken: Secret("session=="),
      region: "eu-west-1", service: "aps")
    let transport = CurlTransport(settings: ConnectionSettings(awsSigning: signing))
    _ = try await transport.send(
      HTTPRequest(
        method, server.url + url, headers: ["Content-Type": "application/json"],
        body: body.isEmpty ? nil : Array(body.utf8)))

    let lines = seen.withLock { $0 }.components(separatedBy: "\r\n")
    let start = lines[0].components(separatedBy: " ")
    let path = start[1].components(separatedBy: "?")
    #expect(path.dropFirst().joined() == query)
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.components(separatedBy: ": ")
      if parts.count >= 2 { fields[parts[0].lowercased()] = parts.dropFirst().joined(separator: ": ") }
    }
    let authorization = try #require(fields["authorization"])
    func part(_ name: String) -> String {
      authorization.components(separatedBy: name + "=").last?.components(separatedBy: ",").first ?? ""
    }
    let signed = part("SignedHeaders").components(separatedBy: ";")
    #expect(signed.contains("host") && signed.contains("x-amz-date") && signed.contains("x-amz-security-token"))
    #expect(fields["x-amz-security-token"] == "session==")
    let stamp = try #require(fields["x-amz-date"])
    let day = String(stamp.prefix(8))
    let canonical =
      ([start[0], path[0], query] + signed.map { "\($0):\(fields[$0] ?? "")" } + ["", signed.joined(separator: ";")])
      .joined(separator: "\n") + "\n" + (try digest(body, key: nil))
    let scope = "\(day)/eu-west-1/aps/aws4_request"
    let toSign = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n" + (try digest(canonical, key: nil))
    var key = "AWS4secret/key+1".utf8.map { String(format: "%02x", $0) }.joined()
    for step in [day, "eu-west-1", "aps", "aws4_request"] { key = try digest(step, key: key) }
    #expect(part("Credential") == "AKIDEXAMPLE/\(scope)")
    #expect(part("Signature") == (try digest(toSign, key: key)))
    #expect(!lines.joined().contains("secret/key"))
  }

  /// SHA-256 in hex, or HMAC-SHA-256 with a key in hex, by the openssl command.
  private func digest(_ text: String, key: String?) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["openssl", "dgst", "-sha256", "-r"] + (key.map { ["-mac", "HMAC", "-macopt", "hexkey:\($0)"] } ?? [])
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    input.fileHandleForWriting.write(Data(text.utf8))
    try input.fileHandleForWriting.close()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    return String(String(decoding: data, as: UTF8.self).prefix(64))
  }
}

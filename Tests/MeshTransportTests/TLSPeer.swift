import Foundation

/// Certificates and TLS servers made with the `openssl` command, for one test each.
final class TLSPeer {
  let folder: URL
  /// While its writing end is open the server runs.
  private var leash: Pipe?
  private(set) var port = 0

  /// A folder with an authority `ca.pem` in it. Returns nil, loudly, where there is no openssl.
  init?() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "meshdeck-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    guard try Self.run(["openssl", "version"], in: folder) == 0 else {
      print("SKIPPED: TLS tests need the openssl command")
      return nil
    }
    try shell(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 "
        + "-subj /CN=meshdeck-test-authority -addext basicConstraints=critical,CA:TRUE")
  }

  deinit {
    try? leash?.fileHandleForWriting.close()
    try? FileManager.default.removeItem(at: folder)
  }

  /// A certificate `name.pem` with `name.key`, valid between two days from now.
  func certificate(
    _ name: String, alternativeName: String = "IP:127.0.0.1", from: Int = -1, to: Int = 30, key: String = "ec",
    digest: String = "sha256", selfSigned: Bool = false
  ) throws {
    let kind = key == "ec" ? "-newkey ec -pkeyopt ec_paramgen_curve:P-256" : "-newkey \(key)"
    try shell("openssl req \(kind) -nodes -keyout \(name).key -out \(name).csr -subj /CN=\(name)")
    try "subjectAltName=\(alternativeName)\n".write(
      to: folder.appending(path: "\(name).ext"), atomically: true, encoding: .utf8)
    try "".write(to: folder.appending(path: "index.txt"), atomically: true, encoding: .utf8)
    let signer = selfSigned ? "-selfsign -keyfile \(name).key" : "-cert ca.pem -keyfile ca.key"
    try """
    [ca]
    default_ca=d
    [d]
    database=index.txt
    new_certs_dir=.
    policy=p
    rand_serial=yes
    [p]
    commonName=supplied

    """.write(to: folder.appending(path: "ca.cnf"), atomically: true, encoding: .utf8)
    try shell(
      "openssl ca -batch -config ca.cnf -notext -md \(digest) -in \(name).csr -out \(name).pem -extfile \(name).ext "
        + "\(signer) -startdate \(Self.day(from)) -enddate \(Self.day(to))")
  }

  /// Starts `openssl s_server -WWW`-like service answering every request with a page.
  func serve(_ arguments: String) async throws {
    for _ in 0..<5 {
      let candidate = Int.random(in: 20_000..<30_000)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = [
        "-c", "openssl s_server -accept 127.0.0.1:\(candidate) -www \(arguments) & read _; kill -9 $!",
      ]
      process.currentDirectoryURL = folder
      let input = Pipe()
      process.standardInput = input
      let output = Pipe()
      process.standardOutput = output
      process.standardError = output
      try process.run()
      var text = ""
      while !text.contains("ACCEPT") {
        let data = output.fileHandleForReading.availableData
        if data.isEmpty { break }
        text += String(decoding: data, as: UTF8.self)
      }
      if text.contains("ACCEPT") {
        leash = input
        port = candidate
        // Nobody reads it any more: keep the pipe from filling.
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
        return
      }
      try input.fileHandleForWriting.close()
    }
    throw CocoaError(.executableLoad)
  }

  func pem(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: name))) }

  func shell(_ command: String) throws {
    guard try Self.run(["sh", "-c", command + " >>log 2>&1"], in: folder) == 0 else {
      let log = (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? ""
      throw TLSPeerFailure(log: log)
    }
  }

  private static func run(_ arguments: [String], in folder: URL) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  private static func day(_ offset: Int) -> String {
    let format = DateFormatter()
    format.dateFormat = "yyyyMMddHHmmss'Z'"
    format.timeZone = TimeZone(identifier: "UTC")
    format.locale = Locale(identifier: "en_US_POSIX")
    return format.string(from: Date(timeIntervalSinceNow: Double(offset) * 86_400))
  }
}

struct TLSPeerFailure: Error, CustomStringConvertible {
  let log: String
  var description: String { "openssl failed: \(log.suffix(500))" }
}

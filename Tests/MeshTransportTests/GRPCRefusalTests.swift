import Glibc
import MeshTransport
import Synchronization
import Testing

/// Calls that their server refuses without having read them.
@Suite("Refused gRPC calls") struct GRPCRefusalTests {
  @Test("a refusal is heard although it comes as early as it can, since a call's head and message leave together")
  func earlyRefusalsAreHeard() async throws {
    let packets = Mutex<[Int]>([])
    let server = ScriptedServer { connection in
      Refusing(connection).run { count in packets.withLock { $0.append(count) } }
    }
    defer { server.stop() }
    var options = Session.Options()
    options.settings.proxy = .none
    options.gate = OriginGate()
    let client = GRPCClient(try Session(base: server.url, options: options))
    for count in [0, 5, 1000] {
      for _ in 0..<10 {
        do throws(GRPCError) {
          _ = try await client.unary("/a.B/C", [UInt8](repeating: 1, count: count), deadline: .seconds(60))
          Issue.record("a refused call was answered")
        } catch {
          #expect(error.status == .unimplemented, "\(error) after \(count) bytes")
        }
      }
    }
    // The greeting of HTTP/2 and the call, where a system that is slow sends nothing again.
    let fewest = packets.withLock(\.self).min() ?? 0
    #expect((1...2).contains(fewest), "\(fewest) packets")
  }

  /// A server of HTTP/2 that refuses each call as soon as its head is there, and has no more of it sent if there is more
  /// to come (RFC 9113, 8.1).
  struct Refusing {
    let connection: ScriptedServer.Connection
    /// Whether it waits for all of a call before it refuses it.
    let hearsAll: Bool

    init(_ connection: ScriptedServer.Connection, hearsAll: Bool = false) {
      self.connection = connection
      self.hearsAll = hearsAll
    }

    /// Refuses a call, and tells how many packets with something in them had come by then.
    func run(_ tell: (Int) -> Void) {
      guard connection.read(24).count == 24 else { return }
      var bytes: [UInt8] = []
      var (call, hasEnded): (Int?, Bool) = (nil, false)
      while true {
        var buffer = [UInt8](repeating: 0, count: 1 << 17)
        let count = recv(connection.socket, &buffer, buffer.count, 0)
        guard count > 0 else { return }
        bytes += buffer[..<count]
        while let (type, flags, stream) = Self.next(&bytes) {
          if type == 1 { call = stream }
          if type <= 1, flags & 1 == 1 { hasEnded = true }
        }
        guard let refused = call, hasEnded || !hearsAll else { continue }
        tell(packets)
        // `:status: 200` is the eighth of the static table (RFC 7541, A).
        let fields = [0x88] + [("content-type", "application/grpc"), ("grpc-status", "12")].flatMap(Self.literal)
        let end = hasEnded ? [] : Self.frame(type: 3, 0, stream: refused, [0, 0, 0, 0])
        connection.write(Self.frame(type: 4, 0, stream: 0) + Self.frame(type: 1, 5, stream: refused, fields) + end)
        connection.waitForClose()
        return
      }
    }

    /// How many packets with something in them came. Source: linux/tcp.h, `tcpi_data_segs_in`, which the C library's own
    /// header has not.
    private var packets: Int {
      var info = [UInt32](repeating: 0, count: 64)
      var length = socklen_t(info.count * 4)
      getsockopt(connection.socket, Int32(IPPROTO_TCP), TCP_INFO, &info, &length)
      return Int(info[38])
    }

    /// Takes the first whole frame: its type, flags and stream.
    private static func next(_ bytes: inout [UInt8]) -> (type: UInt8, flags: UInt8, stream: Int)? {
      guard bytes.count >= 9 else { return nil }
      let end = 9 + bytes[0..<3].reduce(0) { $0 << 8 | Int($1) }
      guard bytes.count >= end else { return nil }
      defer { bytes.removeFirst(end) }
      return (bytes[3], bytes[4], bytes[5..<9].reduce(0) { $0 << 8 | Int($1) })
    }

    private static func frame(type: UInt8, _ flags: UInt8, stream: Int, _ payload: [UInt8] = []) -> [UInt8] {
      let length = payload.count
      let head = [length >> 16, length >> 8 & 255, length & 255, Int(type), Int(flags)]
      return (head + [stream >> 24, stream >> 16 & 255, stream >> 8 & 255, stream & 255]).map { UInt8($0) } + payload
    }

    /// A field that enters no table. Source: RFC 7541, 6.2.2.
    private static func literal(_ name: String, _ value: String) -> [UInt8] {
      [0, UInt8(name.utf8.count)] + name.utf8 + [UInt8(value.utf8.count)] + value.utf8
    }
  }
}

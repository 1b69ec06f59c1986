import Synchronization
import Testing

@testable import MeshTransport

@Suite struct ChunkChannelTests {
  @Test func aReaderIsToldOnceOfAllThatCame() async throws {
    let channel = ChunkChannel()
    async let first = channel.next()
    // The reader waits, or comes later: either way it gets what was offered.
    #expect(channel.offer { [1] })
    #expect(channel.offer { [2] })
    channel.announce()
    #expect(try await first == [1])
    #expect(channel.arrived() == [2])
    #expect(channel.arrived() == [])
  }

  @Test func anEndComesAfterWhatWasNotRead() async throws {
    let channel = ChunkChannel()
    async let first = channel.next()
    #expect(channel.offer { [1] })
    #expect(channel.offer { [2] })
    channel.finish(TransportError(.truncated, "cut"))
    #expect(try await first == [1])
    #expect(try await channel.next() == [2])
    let error = await #expect(throws: TransportError.self) { try await channel.next() }
    #expect(error?.code == .truncated)
    #expect(try await channel.next() == nil)
  }

  @Test func nothingIsTakenWhileTheNetworkWaits() async throws {
    let resumed = Mutex(0)
    let channel = ChunkChannel(resume: { resumed.withLock { $0 += 1 } })
    channel.hold()
    channel.release()
    #expect(resumed.withLock { $0 } == 0, "nothing came meanwhile")
    channel.hold()
    #expect(!channel.offer { [1] })
    #expect(resumed.withLock { $0 } == 0)
    channel.release()
    #expect(resumed.withLock { $0 } == 1)
    #expect(channel.offer { [1] })
    #expect(try await channel.next() == [1])
  }
}

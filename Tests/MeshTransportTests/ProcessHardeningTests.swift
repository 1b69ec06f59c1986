import Glibc
import MeshTransport
import Testing

@Suite struct ProcessHardeningTests {
  @Test func aHardenedProcessLeavesNoCoreAndSurvivesAClosedPipe() throws {
    #expect(hardenProcess())
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    #expect(limit.rlim_cur == 0 && limit.rlim_max == 0)
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    #expect(write(ends[1], "x", 1) == -1 && errno == EPIPE)
    close(ends[1])
  }
}

import MeshModel
import Testing

@Suite struct CivilTimeTests {
  @Test(arguments: [
    (0, [1970, 1, 1, 0, 0, 0]), (951_782_400, [2000, 2, 29, 0, 0, 0]), (1_795_345_317, [2026, 11, 22, 11, 1, 57]),
    (-1, [1969, 12, 31, 23, 59, 59]), (253_402_300_799, [9999, 12, 31, 23, 59, 59]),
  ])
  func aMomentHasOneDate(seconds: Int, parts: [Int]) {
    let time = CivilTime(seconds: seconds)
    #expect([time.year, time.month, time.day, time.hour, time.minute, time.second] == parts)
    #expect(time.seconds == seconds)
  }

  @Test func everyDayComesBackAsItself() {
    for day in stride(from: -200_000, through: 2_000_000, by: 97) {
      #expect(CivilTime(seconds: day * 86_400 + 3_723).seconds == day * 86_400 + 3_723)
    }
  }
}

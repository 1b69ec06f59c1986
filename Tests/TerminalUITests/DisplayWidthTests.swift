import CNCurses
import Testing

@testable import TerminalUI

@Suite struct DisplayWidthTests {
  @Test func `widths agree with the C library for all text that is not escaped`() throws {
    try #require(cn_locale())
    var wrong: [String] = []
    var checked = 0
    for value in UInt32(0x20)...0x3FFFF {
      guard let scalar = Unicode.Scalar(value), !TextEscape.isHidden(scalar) else { continue }
      let width = Int(cn_width(value))
      guard width >= 0 else { continue }
      checked += 1
      if width != DisplayWidth.columns(of: scalar) { wrong.append(String(value, radix: 16)) }
    }
    #expect(checked > 100_000)
    #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(20))")
  }
}

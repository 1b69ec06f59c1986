import MeshModel
import Testing

@Suite struct NetworkRangeTests {
  @Test(
    arguments: [
      ("10.0.0.0/8", "10.244.1.7", true), ("10.0.0.0/8", "11.0.0.1", false),
      ("192.168.0.128/25", "192.168.0.127", false),
      ("192.168.0.128/25", "192.168.0.200", true), ("0.0.0.0/0", "203.0.113.9", true), ("10.0.0.7", "10.0.0.7", true),
      ("10.0.0.7", "10.0.0.8", false), ("fd00::/8", "fd12:3456::1", true), ("fd00::/8", "2001:db8::1", false),
      ("::/0", "10.0.0.1", false), ("::ffff:0:0/96", "::ffff:10.0.0.1", true), ("10.0.0.0/33", "10.0.0.1", nil),
      ("10.0.0/8", "10.0.0.1", nil), ("10.0.0.0/8", "", nil), ("::1::/8", "::1", nil),
    ] as [(String, String, Bool?)])
  func anAddressIsInsideOrNotOrItCannotBeTold(cidr: String, address: String, inside: Bool?) {
    #expect(NetworkRange(cidr: cidr).contains(address) == inside)
  }

  @Test func anExceptionDoesNotCount() {
    let range = NetworkRange(cidr: "10.0.0.0/8", except: ["10.1.0.0/16"])
    #expect(range.contains("10.2.0.1") == true)
    #expect(range.contains("10.1.0.1") == false)
    #expect(NetworkRange(cidr: "10.0.0.0/8", except: ["nonsense"]).contains("10.2.0.1") == nil)
  }

  @Test(
    arguments: [
      ("In", ["a", "b"], "a", true), ("In", ["b"], "a", false), ("NotIn", ["b"], "a", true),
      ("NotIn", ["a"], nil, true),
      ("Exists", [], "a", true), ("Exists", [], nil, false), ("DoesNotExist", [], nil, true),
      ("Like", ["a"], "a", false),
    ] as [(String, [String], String?, Bool)])
  func aConditionOnALabelHoldsAsInKubernetes(_ condition: String, _ values: [String], _ value: String?, _ holds: Bool) {
    let labels = value.map { ["tier": $0] } ?? [:]
    #expect(LabelExpression(key: "tier", condition: condition, values: values).holds(for: labels) == holds)
  }
}

using VmUpdate.HyperV.Access;
using Xunit;

namespace VmUpdate.HyperV.Tests;

public sealed class AccessListTests
{
    private const string Sid = "S-1-5-83-1-1-2-3-4";

    [Theory]
    [InlineData("D:(A;;FA;;;S-1-5-83-1-1-2-3-4)", true)]
    [InlineData("D:AI(A;;FA;;;SY)(A;ID;0x12019f;;;s-1-5-83-1-1-2-3-4)", true)]
    [InlineData("O:BAG:SYD:PAI(A;;FRFW;;;S-1-5-83-1-1-2-3-4)S:(AU;SA;FA;;;WD)", true)]
    [InlineData("D:(A;;0x1f01ff;;;S-1-5-83-1-1-2-3-4)", true)]
    [InlineData("D:(A;;FR;;;S-1-5-83-1-1-2-3-4)", false)]
    [InlineData("D:(A;;0x120089;;;S-1-5-83-1-1-2-3-4)(A;;FW;;;S-1-5-83-1-1-2-3-4)", false)]
    [InlineData("D:(D;;FA;;;S-1-5-83-1-1-2-3-4)", false)]
    [InlineData("D:(A;OICIIO;FA;;;S-1-5-83-1-1-2-3-4)", false)]
    [InlineData("D:(A;;FA;;;S-1-5-83-1-1-2-3-40)", false)]
    [InlineData("D:NO_ACCESS_CONTROL", false)]
    [InlineData("S:(A;;FA;;;S-1-5-83-1-1-2-3-4)", false)]
    [InlineData("D:(A;;FA;;;S-1-5-83-1-1-2-3-4", false)]
    [InlineData("D:(A;;ZZ;;;S-1-5-83-1-1-2-3-4)", false)]
    [InlineData("", false)]
    public void An_account_may_what_one_entry_of_its_own_allows(string descriptor, bool expected) =>
        Assert.Equal(expected, AccessList.Allows(descriptor, Sid, AccessList.ReadAndWrite));

    [Theory]
    [InlineData("D:", "D:(+)")]
    [InlineData("D:PAI", "D:PAI(+)")]
    [InlineData("", "D:(+)")]
    [InlineData("D:AI(A;ID;FA;;;SY)", "D:AI(+)(A;ID;FA;;;SY)")]
    [InlineData("D:(D;;FA;;;WD)(XD;;FA;;;AN)(A;;FA;;;SY)", "D:(D;;FA;;;WD)(XD;;FA;;;AN)(+)(A;;FA;;;SY)")]
    [InlineData("D:(D;ID;FA;;;WD)", "D:(+)(D;ID;FA;;;WD)")]
    [InlineData("D:(D;;FA;;;WD)", "D:(D;;FA;;;WD)(+)")]
    [InlineData("D:AIS:(AU;SA;FA;;;WD)", "D:AI(+)S:(AU;SA;FA;;;WD)")]
    public void An_entry_is_added_behind_those_that_deny_and_before_the_inherited_ones(string descriptor, string expected)
    {
        string changed = AccessList.With(descriptor, Sid, AccessList.Read);
        Assert.Equal(expected.Replace("(+)", $"(A;;0x120089;;;{Sid})", StringComparison.Ordinal), changed);
        Assert.True(AccessList.Allows(changed, Sid, AccessList.Read));
    }
}

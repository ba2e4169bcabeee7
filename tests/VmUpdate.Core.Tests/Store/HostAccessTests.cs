using VmUpdate.Core.Store;
using Xunit;

namespace VmUpdate.Core.Tests.Store;

public sealed class HostAccessTests
{
    [Theory]
    [InlineData("D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", null)]
    [InlineData("D:AI(A;OICI;0x1200a9;;;BU)(A;OICI;FA;;;SY)", null)] // users may read and run
    [InlineData("D:AI(A;OICI;0x1301bf;;;AU)(A;OICI;FA;;;SY)", "AU")] // modify
    [InlineData("D:(A;;FA;;;WD)", "WD")]
    [InlineData("D:(A;;FRFW;;;S-1-5-21-1-2-3-1001)", "S-1-5-21-1-2-3-1001")]
    [InlineData("D:NO_ACCESS_CONTROL", "everybody")]
    public void A_list_of_rights_names_the_first_stranger_who_may_write(string sddl, string? expected)
    {
        Assert.SkipWhen(sddl.Contains("S-1-5-21", StringComparison.Ordinal) && !OperatingSystem.IsWindows(), "Accounts are Windows'.");
        Assert.Equal(expected, HostAccess.FindOtherWriterIn(sddl, "DOMAIN\\me"));
    }

    [Fact]
    public void A_local_folder_is_not_on_the_network() => Assert.False(HostAccess.IsOnNetwork(Path.GetTempPath()));
}

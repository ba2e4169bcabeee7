using VmUpdate.Core.Images;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

public sealed class DiskNamesTests
{
    private static readonly Guid Id = new("0123abcd-1111-2222-3333-444444444444");

    [Theory]
    [InlineData("PC-01", "PC-01.r2.0123abcd.vhdx")]
    [InlineData("Büro 7", "Büro 7.r2.0123abcd.vhdx")]
    [InlineData("a/b\\c:d*?", "a_b_c_d__.r2.0123abcd.vhdx")]
    [InlineData("../../etc", "_.._.._etc.r2.0123abcd.vhdx")]
    [InlineData("CON", "_CON.r2.0123abcd.vhdx")]
    [InlineData("con.x", "_con.x.r2.0123abcd.vhdx")]
    [InlineData(" . ", "_.r2.0123abcd.vhdx")]
    public void A_disk_is_named_after_its_machine_number_and_swap(string vm, string expected)
    {
        string path = DiskNames.Next(Path.Combine(Path.GetTempPath(), "old.vhdx"), vm, 2, Id);
        Assert.Equal(Path.Combine(Path.GetTempPath(), expected), path);
    }

    [Fact]
    public void A_long_name_is_cut()
    {
        string name = Path.GetFileName(DiskNames.Next("/x/old.vhdx", new string('n', 400), 12, Id));
        Assert.True(name.Length < 130);
        Assert.EndsWith(".r12.0123abcd.vhdx", name, StringComparison.Ordinal);
    }
}

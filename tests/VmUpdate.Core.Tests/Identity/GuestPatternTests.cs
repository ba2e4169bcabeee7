using VmUpdate.Core.Identity;
using VmUpdate.DiskFormats;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

public sealed class GuestPatternTests
{
    [Theory]
    [InlineData(@"Users\*\Documents\**", @"Users\anna\Documents\a.txt", true)]
    [InlineData(@"Users\*\Documents\**", @"Users\anna\Documents\x\y\a.txt", true)]
    [InlineData(@"Users\*\Documents\**", @"Users\anna\Documents", false)]
    [InlineData(@"Users\*\Documents\**", @"Users\anna\x\Documents\a.txt", false)]
    [InlineData(@"Users\**\Cache\*.tmp", @"Users\anna\a\b\Cache\1.TMP", true)]
    [InlineData(@"Users\**\Cache\*.tmp", @"Users\Cache\1.tmp", true)]
    [InlineData(@"Users\**\Cache\*.tmp", @"Users\Cache\x\1.tmp", false)]
    [InlineData(@"Users/**/x/**/y", @"Users\x\a\x\b\y", true)]
    [InlineData(@"ProgramData\ssh\ssh_host_*_key", @"programdata\SSH\ssh_host_rsa_key", true)]
    [InlineData(@"ProgramData\ssh\ssh_host_*_key", @"ProgramData\ssh\ssh_host_rsa_key.pub", false)]
    [InlineData(@"%SystemRoot%\SMSCFG.INI", @"Windows\smscfg.ini", true)]
    [InlineData(@"%SystemRoot%\SMSCFG.INI", @"WINNT\smscfg.ini", false)]
    [InlineData(@"a\?\c", @"a\bb\c", false)]
    [InlineData(@"a\**\**\c", @"a\c", true)]
    public void A_pattern_fits_whole_paths_without_case(string pattern, string path, bool fits)
    {
        Assert.Equal(fits, GuestPattern.Parse(pattern).IsMatch(GuestPath.Parse(path), GuestPath.Parse("Windows")));
    }

    [Theory]
    [InlineData(@"C:\Users")]
    [InlineData(@"a\..\b")]
    [InlineData(@"a\\b")]
    [InlineData(@"**\a")]
    [InlineData("")]
    [InlineData(@"a\b:stream")]
    public void A_pattern_that_leaves_the_volume_or_means_all_of_it_is_refused(string pattern)
    {
        Assert.Throws<ArgumentException>(() => GuestPattern.Parse(pattern));
    }
}

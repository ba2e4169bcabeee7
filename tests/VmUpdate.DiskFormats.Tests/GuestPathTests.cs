using Xunit;

namespace VmUpdate.DiskFormats.Tests;

public sealed class GuestPathTests
{
    [Fact]
    public void A_path_is_its_names_whatever_the_separators()
    {
        GuestPath path = GuestPath.Parse(@"\Windows/System32\config\");
        Assert.Equal(["Windows", "System32", "config"], path.Parts);
        Assert.Equal(@"Windows\System32\config", path.ToString());
        Assert.Equal("config", path.Name);
        Assert.Equal(GuestPath.Parse(@"Windows\System32"), path.Parent);
        Assert.Equal(path, path.Parent.Append("CONFIG"));
        Assert.Equal(path.GetHashCode(), GuestPath.Parse(@"WINDOWS\system32\Config").GetHashCode());
    }

    [Fact]
    public void The_root_has_no_name_and_is_its_own_parent()
    {
        Assert.Equal(GuestPath.Root, GuestPath.Parse(@"\"));
        Assert.Equal(GuestPath.Root, GuestPath.Parse(string.Empty));
        Assert.Empty(GuestPath.Root.Parts);
        Assert.Equal(string.Empty, GuestPath.Root.Name);
        Assert.Same(GuestPath.Root, GuestPath.Root.Parent);
    }

    [Theory]
    [InlineData(@"a\..\b")]
    [InlineData(@"a\.\b")]
    [InlineData(@"a\\b")]
    [InlineData(@"C:\Windows")]
    [InlineData("a:stream")]
    [InlineData("a\0b")]
    public void A_path_that_could_lead_elsewhere_is_refused(string path) => Assert.Throws<ArgumentException>(() => GuestPath.Parse(path));

    [Fact]
    public void A_name_of_255_characters_is_the_longest()
    {
        Assert.Equal(255, GuestPath.Root.Append(new string('a', 255)).Name.Length);
        Assert.Throws<ArgumentException>(() => GuestPath.Root.Append(new string('a', 256)));
    }

    [Fact]
    public void Names_that_differ_only_in_accents_are_different() =>
        Assert.NotEqual(GuestPath.Parse("résumé"), GuestPath.Parse("resume"));
}
